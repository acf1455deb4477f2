#include "region_status.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace holdfast::cli {
namespace {

using Json = nlohmann::json;

// Where lag begins to be worth a word: the alert HoldfastLagTooHigh has the same limit.
constexpr double lag_to_mention_seconds = 10;

std::string text_of(const Json& json, const char* name) {
  const auto found = json.find(name);
  return found != json.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::optional<double> number_of(const Json& json, const char* name) {
  const auto found = json.find(name);
  if (found == json.end() || !found->is_number()) return std::nullopt;
  return found->get<double>();
}

std::string joined(const Json& names) {
  std::string text;
  if (!names.is_array()) return text;
  for (const auto& name : names) text += (text.empty() ? "" : ", ") + name.get<std::string>();
  return text;
}

std::string waited_for(const Json& region) { return joined(region.value("waitingFor", Json::array())); }

std::string in_bytes(double bytes) {
  constexpr std::array<std::string_view, 5> units = {"bytes", "KiB", "MiB", "GiB", "TiB"};
  std::size_t unit = 0;
  for (; bytes >= 1024 && unit + 1 < units.size(); ++unit) bytes /= 1024;
  char text[48];
  std::snprintf(text, sizeof text, unit == 0 ? "%.0f " : "%.1f ", bytes);
  return text + std::string(units[unit]);
}

/// Whether the front door should send it users.
bool takes_users(const Json& region) { return region.value("takesTraffic", true); }

/// What the region is and may do, in one line.
std::string headline(const Json& region) {
  const auto name = text_of(region, "name");
  const auto role = text_of(region, "role");
  if (role == "primary") {
    if (region.value("mayWrite", true)) return name + " is the PRIMARY: it takes writes.";
    return name + " is the PRIMARY, but its store failed: it takes NO WRITES.";
  }
  if (role == "secondary") {
    if (!takes_users(region)) return name + " is a SECONDARY that was never in step yet: it takes NO USERS.";
    return name + " is a SECONDARY: it signs users in and refuses other writes.";
  }
  const auto reason = text_of(region, "reason");
  return name + " is FENCED: it takes NO WRITES" + (reason.empty() ? "." : ": " + reason + ".");
}

std::string standing_lines(const Json& region) {
  std::string text;
  if (const auto since = text_of(region, "since"); !since.empty()) {
    text += "  since      " + since;
    if (const auto age = number_of(region, "sinceSeconds")) text += " (" + in_words(*age) + ")";
    text += "\n";
  }
  const auto& term = region.at("term");
  text += "  term       reign " + term.at("reign").dump() + ", incarnation " + term.at("incarnation").dump() +
          "\n";
  text += "  position   " + text_of(region, "position") + "\n";
  if (const auto names = waited_for(region); !names.empty()) text += "  waits for  " + names + "\n";
  if (const auto name = text_of(region, "pullsFrom"); !name.empty()) {
    text += "  pulls from " + name + ", which says that it holds " +
            region.value("batchesMissing", Json(0)).dump() + " batches more\n";
  }
  return text;
}

std::string primary_line(const Json& region) {
  if (text_of(region, "role") == "primary") return {};
  const auto primary = text_of(region, "primary");
  if (primary.empty()) return "  primary    none is known\n";
  if (const auto silent = number_of(region, "cutOffSeconds"))
    return "  primary    " + primary + ", NOT HEARD for " + in_words(*silent) + "\n";
  return "  primary    " + primary + "\n";
}

std::string lag_text(const Json& secondary) {
  const auto seconds = number_of(secondary, "lagSeconds").value_or(0);
  const auto bytes = number_of(secondary, "lagBytes").value_or(0);
  if (seconds == 0 && bytes == 0) return "caught up";
  return in_words(seconds) + " and " + in_bytes(bytes) + " behind";
}

std::string secondary_line(const Json& secondary) {
  const auto state = text_of(secondary, "state");
  std::string text = "  secondary  " + text_of(secondary, "name") + ": ";
  if (state == "lost") {
    text += "LOST: the log that it needs is gone, it needs a snapshot";
  } else if (state == "disconnected") {
    text += "AWAY";
    if (const auto heard = number_of(secondary, "heardSecondsAgo")) {
      text += ", last heard " + in_words(*heard) + " ago";
    } else if (secondary.contains("heardSecondsAgo")) {
      text += ", not heard since this region started";
    }
  } else {
    text += lag_text(secondary);
  }
  if (secondary.value("atRisk", false)) text += ", its log is AT RISK of being given up";
  if (secondary.value("diverged", false)) text += ", DIVERGED: verify found other bytes there";
  if (const auto missing = number_of(secondary, "blobsMissing").value_or(0); missing > 0)
    text += ", the bytes of " + std::to_string(static_cast<long long>(missing)) + " objects are on their way";
  return text + "\n";
}

std::string snapshot_line(const Json& region) {
  if (!region.contains("snapshot")) return {};
  const auto& snapshot = region.at("snapshot");
  std::string text = "  snapshot   " + in_bytes(number_of(snapshot, "receivedBytes").value_or(0)) + " of " +
                     in_bytes(number_of(snapshot, "totalBytes").value_or(0)) + " from " +
                     text_of(snapshot, "from");
  if (const auto left = number_of(snapshot, "remainingSeconds"))
    text += ", about " + in_words(*left) + " left";
  return text + "\n";
}

std::string advice_when_pulling(const std::string& name) {
  if (name.empty())
    return "keep the other regions running: this one takes its lost tail from one of them, then opens by "
           "itself.";
  return "keep " + name +
         " running: this region takes its lost tail from it, then opens by itself. Does the number of "
         "batches "
         "not fall, " +
         name +
         " cannot or will not give them: look at its log, then `holdfast serve --force-primary` once. That "
         "gives up what only " +
         name + " holds.";
}

std::string advice_when_fenced(const Json& region) {
  const auto code = text_of(region, "reasonCode");
  const auto names = waited_for(region);
  if (region.value("higherReignClaimed", false)) {
    return names +
           " says that a higher reign was promised or opened, without a record of it: see `region status` "
           "there. Is no region being promoted, `holdfast serve --force-primary` here once.";
  }
  if (code == "waiting_for_peers") {
    return "start " + (names.empty() ? "the other regions" : names) +
           " or mend the network to it; this region opens by itself once all have answered.";
  }
  if (code == "higher_reign")
    return "nothing here: another region was promoted. Let this one reach it, and it becomes its secondary "
           "by itself.";
  if (code == "peer_is_further") return advice_when_pulling(text_of(region, "pullsFrom"));
  if (code == "recovered_short") {
    return "its disk lost writes that it had synced: start " + (names.empty() ? "the other regions" : names) +
           ", one of which may hold them; check the disk.";
  }
  if (code == "by_operator") return "`holdfast region unfence`, once the reason for fencing it is gone.";
  if (code == "store_failed") return "read its log for the storage error, mend the disk, restart it.";
  return "see docs/operations/troubleshooting.md, A region is fenced.";
}

std::string advice_at_secondary(const Json& region) {
  const bool is_new = !takes_users(region);
  if (region.contains("snapshot")) {
    return is_new ? "wait: it takes users once the snapshot is whole."
                  : "wait: it signs users in from what it holds, which is old until the snapshot is whole.";
  }
  const auto primary = text_of(region, "primary");
  if (primary.empty()) return "start the primary, or mend the network to it: this region has not heard one.";
  if (region.contains("cutOffSeconds"))
    return "see whether " + primary + " runs and can be reached; sign-ins go on here, writes wait for it.";
  return is_new ? "wait: it takes users once it has caught up with " + primary + "." : "nothing.";
}

/// A rule in force that fewer live secondaries can meet than it asks for: its writes are refused.
std::string advice_on_acknowledge(const Json& region) {
  const auto& secondaries = region.at("secondaries");
  const auto live = std::ranges::count_if(
      secondaries, [](const Json& one) { return text_of(one, "state") == "streaming"; });
  std::string away;
  for (const auto& one : secondaries) {
    if (text_of(one, "state") != "streaming") away += (away.empty() ? "" : ", ") + text_of(one, "name");
  }
  for (const auto& rule : region.value("acknowledge", Json::array())) {
    const auto needed = static_cast<long long>(number_of(rule, "inForce").value_or(0));
    if (needed <= live) continue;
    const std::string lower =
        "lower replication.acknowledge." + text_of(rule, "class") + " and restart this region";
    std::string what;
    if (away.empty()) {
      what.append("let another region join, or ").append(lower);
    } else {
      what.append("start ").append(away).append(" (gone for good: ").append(lower);
      what.append(", then `holdfast region remove`)");
    }
    what.append(": writes wait for ").append(std::to_string(needed)).append(" secondaries, and ");
    what.append(std::to_string(live)).append(" of them are connected; they are refused meanwhile.");
    return what;
  }
  return {};
}

/// The worst that holds for any secondary, or nothing.
std::string advice_at_primary(const Json& region) {
  if (!region.value("mayWrite", true))
    return "read its log for the storage error, mend the disk, restart it.";
  if (auto unmet = advice_on_acknowledge(region); !unmet.empty()) return unmet;
  const auto& secondaries = region.at("secondaries");
  if (secondaries.empty()) return "nothing; but no other region could sign users in if this one died.";
  const auto first = [&](auto holds) -> std::string {
    for (const auto& one : secondaries) {
      if (holds(one)) return text_of(one, "name");
    }
    return {};
  };
  const auto in_state = [&](std::string_view state) {
    return first([&](const Json& one) { return text_of(one, "state") == state; });
  };
  if (const auto name = first([](const Json& one) { return one.value("diverged", false); }); !name.empty())
    return "do not fail over to " + name + "; keep its data directory and make the region anew.";
  if (const auto name = in_state("lost"); !name.empty())
    return "start " + name + ": it takes a whole snapshot by itself; until then it is no second copy.";
  if (const auto name = in_state("disconnected"); !name.empty())
    return "start " + name +
           " or mend the network to it; the log is kept for it up to replication.log_cap_bytes.";
  if (const auto name = first([](const Json& one) { return one.value("atRisk", false); }); !name.empty())
    return "let " + name +
           " catch up soon, or raise replication.log_cap_bytes: beyond the cap it needs a snapshot.";
  const auto behind = [](const Json& one) {
    return number_of(one, "lagSeconds").value_or(0) >= lag_to_mention_seconds;
  };
  if (const auto name = first(behind); !name.empty())
    return "see why " + name + " is slow: if this region died now, the writes that it lacks would wait here.";
  return "nothing.";
}

std::string advice(const Json& region) {
  const auto role = text_of(region, "role");
  if (role == "primary") return advice_at_primary(region);
  return role == "secondary" ? advice_at_secondary(region) : advice_when_fenced(region);
}

}  // namespace

std::string in_words(double seconds) {
  char text[48];
  const auto whole = static_cast<long long>(seconds);
  if (seconds < 10) {
    std::snprintf(text, sizeof text, "%.3g s", seconds);
  } else if (whole < 120) {
    std::snprintf(text, sizeof text, "%lld s", whole);
  } else if (whole < 2LL * 3600) {
    std::snprintf(text, sizeof text, "%lld min", whole / 60);
  } else if (whole < 48LL * 3600) {
    std::snprintf(text, sizeof text, "%lld h %lld min", whole / 3600, whole / 60 % 60);
  } else {
    std::snprintf(text, sizeof text, "%lld d %lld h", whole / 86400, whole / 3600 % 24);
  }
  return text;
}

std::string render_region_status(const Json& region) {
  std::string text = headline(region) + "\n" + standing_lines(region) + primary_line(region);
  for (const auto& secondary : region.at("secondaries")) text += secondary_line(secondary);
  return text + snapshot_line(region) + "What to do: " + advice(region) + "\n";
}

}  // namespace holdfast::cli
