#include "holdfast/region/members.h"

#include <limits>
#include <mutex>

#include "holdfast/base/log.h"
#include "holdfast/region/tables.h"
#include "holdfast/region/terms.h"

namespace holdfast::region {
namespace {

void log_members_failure(const Result<>& result) {
  if (!result) log::error("the node table cannot be read", result.error());
}

}  // namespace

Result<std::unique_ptr<Members>> Members::open(storage::CoreDb& db, RegionName self) {
  std::unique_ptr<Members> members(new Members(db, std::move(self)));
  auto refresh = [raw = members.get()] {
    log_members_failure(raw->reload());
    raw->changed_.notify();
  };
  members->subscriptions_.push_back(db.observe(node_table, [refresh](BytesView, bool) { refresh(); }));
  members->subscriptions_.push_back(db.on_reset(refresh));
  TRY_VOID(members->reload());
  return members;
}

Result<> Members::reload() {
  std::map<RegionName, Member> rows;
  Result<> decoded;
  TRY_VOID(db_->reader().scan(node_table, {}, {}, std::numeric_limits<std::size_t>::max(),
                              [&](BytesView, const storage::Stored& stored) {
                                auto member = Member::decode(stored.plain);
                                if (!member) {
                                  decoded = fail(std::move(member).error());
                                  return;
                                }
                                auto name = member->name;
                                rows.emplace(std::move(name), *std::move(member));
                              }));
  TRY_VOID(decoded);
  const std::unique_lock lock(mutex_);
  rows_ = std::move(rows);
  return {};
}

void Members::bootstrap(std::vector<Member> members) {
  {
    const std::unique_lock lock(mutex_);
    if (!rows_.empty()) return;
    for (auto& member : members) {
      auto name = member.name;
      rows_.emplace(std::move(name), std::move(member));
    }
  }
  changed_.notify();
}

std::optional<Member> Members::find(const RegionName& name) const {
  const std::shared_lock lock(mutex_);
  const auto found = rows_.find(name);
  if (found == rows_.end()) return std::nullopt;
  return found->second;
}

std::optional<Member> Members::find_by_spki_hash(BytesView spki_hash) const {
  const std::shared_lock lock(mutex_);
  for (const auto& [name, member] : rows_) {
    if (member.state == MemberState::active && member.spki_hash() == spki_hash) return member;
  }
  return std::nullopt;
}

std::vector<Member> Members::all() const {
  const std::shared_lock lock(mutex_);
  std::vector<Member> members;
  members.reserve(rows_.size());
  for (const auto& [name, member] : rows_) members.push_back(member);
  return members;
}

std::vector<Member> Members::others() const {
  const std::shared_lock lock(mutex_);
  std::vector<Member> members;
  for (const auto& [name, member] : rows_) {
    if (name != self_ && member.state == MemberState::active) members.push_back(member);
  }
  return members;
}

Result<> Members::require_free(storage::Transaction& transaction, const storage::Reader& reader,
                               const RegionName& name) {
  const Error taken{ErrorKind::conflict, "already_exists", "a region of this name is a member already", {}};
  const auto key = storage::KeyWriter().text(name.str()).take();
  TRY(const auto stored, reader.find(node_table, key));
  if (!stored) {
    transaction.require_absent(node_table, key, taken);
    return {};
  }
  TRY(const auto member, Member::decode(stored->plain));
  if (member.state == MemberState::active) return fail(taken);
  TRY(const bool signed_terms, has_opened_a_term(reader, name));
  if (signed_terms) {
    return fail(ErrorKind::conflict, "name_signed_terms",
                "the removed region of this name was primary once, and what it signed verifies by its key "
                "alone: choose another name");
  }
  transaction.require_unchanged(node_table, key, stored->tag, taken);
  return {};
}

Result<> Members::put(storage::Transaction& transaction, const Member& member) {
  transaction.put(node_table, storage::KeyWriter().text(member.name.str()).view(), storage::Scope::system(),
                  Member::version, member.encode());
  if (transaction.error()) return fail(*transaction.error());
  return {};
}

}  // namespace holdfast::region
