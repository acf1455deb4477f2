#include "slot_book.h"

#include <algorithm>
#include <limits>

#include "holdfast/base/codec.h"

namespace holdfast::replication {
namespace {

enum SlotRowField : std::uint32_t { slot_row_index = 1, slot_row_lost = 2 };

}  // namespace

Result<std::unique_ptr<SlotBook>> SlotBook::open(storage::LocalDb& local) {
  std::unique_ptr<SlotBook> book(new SlotBook(local));
  Result<> decoded;
  TRY_VOID(local.scan(
      storage::local_tables::slots, {}, {}, std::numeric_limits<std::size_t>::max(),
      [&](BytesView key, BytesView plain) {
        const auto fields = FieldReader::parse(plain);
        if (!fields) {
          decoded = fail(fields.error());
          return false;
        }
        book->rows_[RegionName(std::string(key))] =
            Row{.index = fields->number(slot_row_index), .lost = fields->flag(slot_row_lost), .saved = true};
        return true;
      }));
  TRY_VOID(decoded);
  return book;
}

Result<> SlotBook::write(const RegionName& member, const Row& row) {
  TRY_VOID(local_->put(storage::local_tables::slots, member.str(),
                       FieldWriter().number(slot_row_index, row.index).flag(slot_row_lost, row.lost).take()));
  const std::scoped_lock lock(mutex_);
  const auto known = rows_.find(member);
  if (known == rows_.end()) return {};
  // It may have moved on meanwhile.
  known->second.saved = known->second.index == row.index && known->second.lost == row.lost;
  return {};
}

void SlotBook::advance(const RegionName& member, std::uint64_t index) {
  // A member that holds nothing yet needs a snapshot, not the log from its beginning.
  if (index == 0) return;
  const std::scoped_lock lock(mutex_);
  auto& row = rows_[member];
  if (index <= row.index && !row.lost) return;
  row.index = std::max(row.index, index);
  // It streams, so the log it needs was there after all.
  row.lost = false;
  row.saved = false;
}

Result<> SlotBook::pin(const RegionName& member, std::uint64_t index) {
  const std::scoped_lock writing(writing_);
  const Row row{.index = index};
  {
    const std::scoped_lock lock(mutex_);
    rows_[member] = row;
  }
  return write(member, row);
}

Result<> SlotBook::mark_lost(const RegionName& member) {
  const std::scoped_lock writing(writing_);
  Row row;
  {
    const std::scoped_lock lock(mutex_);
    rows_[member].lost = true;
    row = rows_[member];
  }
  return write(member, row);
}

void SlotBook::mark_at_risk(const std::vector<std::string>& members) {
  const std::scoped_lock lock(mutex_);
  for (auto& [name, row] : rows_) row.at_risk = std::ranges::find(members, name.str()) != members.end();
}

std::map<RegionName, SlotBook::Row> SlotBook::rows() const {
  const std::scoped_lock lock(mutex_);
  return rows_;
}

Result<> SlotBook::save() {
  const std::scoped_lock writing(writing_);
  for (const auto& [name, row] : rows()) {
    if (!row.saved) TRY_VOID(write(name, row));
  }
  return {};
}

Result<> SlotBook::forget_others(const std::vector<RegionName>& members) {
  const std::scoped_lock writing(writing_);
  for (const auto& [name, row] : rows()) {
    if (std::ranges::find(members, name) != members.end()) continue;
    TRY_VOID(local_->erase(storage::local_tables::slots, name.str()));
    const std::scoped_lock lock(mutex_);
    rows_.erase(name);
  }
  return {};
}

std::vector<storage::Slot> SlotBook::slots() const {
  const std::scoped_lock lock(mutex_);
  std::vector<storage::Slot> slots;
  slots.reserve(rows_.size());
  for (const auto& [name, row] : rows_) {
    slots.push_back({.member = name.str(), .durable_index = row.index, .lost = row.lost});
  }
  return slots;
}

region::SlotState SlotBook::state(const RegionName& member) const {
  const std::scoped_lock lock(mutex_);
  const auto row = rows_.find(member);
  if (row == rows_.end()) return region::SlotState::reserved;
  if (row->second.lost) return region::SlotState::lost;
  return row->second.at_risk ? region::SlotState::at_risk : region::SlotState::reserved;
}

}  // namespace holdfast::replication
