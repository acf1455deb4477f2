#include "holdfast/replication/replication.h"

#include <algorithm>
#include <utility>

#include "client.h"
#include "context.h"
#include "gather.h"
#include "holdfast/async/timer.h"
#include "holdfast/base/log.h"
#include "holdfast/storage/log_janitor.h"
#include "holdfast/storage/watermark.h"
#include "liveness.h"
#include "server.h"
#include "source_driver.h"

namespace holdfast::replication {
namespace {

constexpr std::chrono::milliseconds supervise_every{500};
constexpr std::chrono::seconds janitor_every{10};
constexpr std::chrono::milliseconds look_again{50};

}  // namespace

struct Replication::Impl {
  Impl(Parts parts, Options options, std::unique_ptr<SlotBook> slots)
      : context(std::move(parts), std::move(options), std::move(slots)),
        client(context),
        janitor(context.parts.core,
                {.cap_bytes = context.options.log_cap_bytes,
                 // For a primary that comes back with less than it wrote.
                 .keep_bytes = context.options.log_cap_bytes / 16},
                [book = context.slots.get()](const std::string& member) {
                  return book->mark_lost(RegionName(member));
                }) {}

  Context context;
  Client client;
  storage::LogJanitor janitor;  ///< for life: it remembers where each log file begins
  std::unique_ptr<Server> server;
  storage::Subscription published;
  std::vector<region::Subscription> subscriptions;
  std::optional<storage::WatermarkKeeper> watermark;
  std::uint64_t generation = 0;

  /// What sessions were made for.
  struct Standing {
    region::Role role = region::Role::fenced;
    std::uint32_t seen_reign = 0;   ///< below it nobody is followed
    std::uint32_t chain_reign = 0;  ///< what the records here can prove to a deposed primary

    /// Sessions that begin now would be others. The first reign that a newcomer hears of changes nothing.
    [[nodiscard]] bool is_of_other_sessions_than(const Standing& before) const {
      return role != before.role || (before.seen_reign != 0 && seen_reign != before.seen_reign) ||
             (before.chain_reign != 0 && chain_reign != before.chain_reign);
    }
  };
  std::mutex standing_mutex;
  Standing standing;

  [[nodiscard]] Standing read_standing() const;
  void on_published();
  void on_authority();
  void on_members();
  void watch_primary();
  Result<> keep_watermark();
  void tell_lost();
  Result<> clean();
  static async::Task<> supervise(Impl* impl);
};

Result<std::unique_ptr<Replication>> Replication::open(Parts parts, Options options) {
  TRY(auto slots, SlotBook::open(parts.local));
  auto impl = std::make_shared<Impl>(std::move(parts), std::move(options), std::move(slots));
  TRY(impl->server, Server::open(impl->context));
  return std::unique_ptr<Replication>(new Replication(std::move(impl)));
}

Replication::Replication(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}
Replication::~Replication() { stop(); }

std::uint16_t Replication::port() const { return impl_->server->port(); }
std::optional<SnapshotProgress> Replication::snapshot_progress() const { return impl_->context.progress(); }

void Replication::start() {
  auto* impl = impl_.get();
  auto& parts = impl->context.parts;
  impl->standing = impl->read_standing();
  impl->tell_lost();
  // A callback may still be running on another thread when `stop` has let it go.
  const std::weak_ptr<Impl> weak = impl_;
  impl->published = parts.ring.on_publish([weak] {
    if (const auto alive = weak.lock()) alive->on_published();
  });
  impl->subscriptions.push_back(parts.authority.on_change([weak] {
    if (const auto alive = weak.lock()) alive->on_authority();
  }));
  impl->subscriptions.push_back(parts.members.on_change([weak] {
    if (const auto alive = weak.lock()) alive->on_members();
  }));
  impl->server->start();
  impl->client.follow_members();
  impl->context.tasks.spawn(parts.io.next(), Impl::supervise(impl));
}

void Replication::stop() {
  if (!impl_ || impl_->context.stopping.exchange(true)) return;
  impl_->published.reset();
  impl_->subscriptions.clear();
  impl_->server->stop();
  // The listener's tasks use the context's; they end first.
  impl_->server.reset();
  impl_->context.tasks.cancel();
  impl_->context.tasks.wait();
  if (const auto kept = impl_->keep_watermark(); !kept)
    log::error("the watermark could not be kept", kept.error());
  if (const auto saved = impl_->context.slots->save(); !saved)
    log::error("the slots could not be kept", saved.error());
}

Replication::Impl::Standing Replication::Impl::read_standing() const {
  const auto& parts = context.parts;
  Standing now{.role = parts.state.role(), .seen_reign = parts.authority.highest_reign()};
  const auto chain = parts.authority.chain();
  if (const auto* newest = chain.newest()) now.chain_reign = newest->term.reign;
  return now;
}

void Replication::Impl::on_published() {
  for (const auto& driver : context.sources()) driver->wake();
}

void Replication::Impl::on_authority() {
  const auto now = read_standing();
  {
    const std::scoped_lock lock(standing_mutex);
    const auto before = std::exchange(standing, now);
    if (!now.is_of_other_sessions_than(before)) return;
  }
  const std::string reason = "this region is " + std::string(to_string(now.role)) + " and knows of reign " +
                             std::to_string(now.seen_reign) + " now";
  for (const auto& driver : context.sources()) driver->end(reason);
  client.restart_sessions(reason);
}

void Replication::Impl::on_members() {
  for (const auto& driver : context.sources()) {
    if (!driver->is_member_still()) driver->end(removed_since);
  }
  client.cut_removed();
}

void Replication::Impl::watch_primary() {
  auto& parts = context.parts;
  if (parts.state.role() == region::Role::primary) return;
  const SteadyTime heard{std::chrono::nanoseconds(context.primary_heard_ns.load())};
  if (parts.clock.steady_now() - heard >= silence_limit) parts.state.primary_silent(heard);
}

Result<> Replication::Impl::keep_watermark() {
  TRY(const auto current, context.parts.data.current());
  if (!current) return {};
  if (!watermark || generation != current->number) {
    generation = current->number;
    watermark.emplace(context.parts.local, generation);
  }
  // The store in use is the current generation's only if no install happened in between.
  if (context.parts.core.path() != current->core_db()) return {};
  return watermark->advance(context.parts.core.durable());
}

/// Nobody else does: a member that is away sends nothing. What waits for everybody (signing keys, acknowledge
/// rules) must not wait for one that needs a snapshot first.
void Replication::Impl::tell_lost() {
  for (const auto& slot : context.slots->slots()) {
    if (slot.lost) context.parts.peers.slot(RegionName(slot.member), region::SlotState::lost);
  }
}

Result<> Replication::Impl::clean() {
  auto& parts = context.parts;
  context.shelf.drop_idle();
  std::vector<RegionName> members;
  for (const auto& member : parts.members.others()) members.push_back(member.name);
  TRY_VOID(context.slots->forget_others(members));
  TRY_VOID(context.slots->save());
  const auto report = janitor.sweep(context.slots->slots());
  // Also those that a sweep gave up before it failed: the next one does not report them again.
  tell_lost();
  if (!report) return fail(report.error());
  context.slots->mark_at_risk(report->at_risk);
  for (const auto& member : report->lost) {
    log::error("a member's slot is lost: the log that it needs was given up; it needs a snapshot",
               {{"member", member}, {"logBytes", report->log_bytes}});
  }
  return {};
}

async::Task<> Replication::Impl::supervise(Impl* impl) {
  auto& context = impl->context;
  auto next_clean = context.parts.clock.steady_now() + janitor_every;
  while (!context.stopping) {
    co_await async::sleep_for(supervise_every);
    impl->watch_primary();
    impl->client.follow_members();
    const bool clean_now = context.parts.clock.steady_now() >= next_clean;
    if (clean_now) next_clean = context.parts.clock.steady_now() + janitor_every;
    const auto kept = co_await async::offload(context.parts.disk, [impl, clean_now]() -> Result<> {
      TRY_VOID(impl->keep_watermark());
      return clean_now ? impl->clean() : Result<>{};
    });
    if (!kept) log::error("replication's housekeeping failed", kept.error());
  }
}

async::Task<Result<VerifyReport>> Replication::verify(RegionName member, std::chrono::seconds limit,
                                                      std::string request_id) {
  auto& context = impl_->context;
  const auto deadline = async::after(limit);
  if (!context.parts.state.may_write()) co_return fail(context.parts.state.refusal());
  const auto job = std::make_shared<VerifyJob>();
  job->mark = context.next_mark++;
  job->request_id = std::move(request_id);
  struct Abandon {
    VerifyJob* job;
    ~Abandon() { job->abandoned = true; }
  } abandon{job.get()};
  // A member that is just dialling again is given the time to.
  while (!context.give_to_stream_of(member, job)) {
    if (std::chrono::steady_clock::now() >= deadline) {
      co_return fail(ErrorKind::unavailable, "member_away", "this member is not following the log now");
    }
    co_await async::sleep_for(look_again);
  }
  CO_TRY(auto report, co_await job->answer.wait(deadline));
  co_return report;
}

}  // namespace holdfast::replication
