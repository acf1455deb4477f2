#include "holdfast/region/position_watch.h"

#include <algorithm>
#include <utility>

#include "holdfast/async/timer.h"
#include "holdfast/base/log.h"
#include "holdfast/region/tables.h"
#include "holdfast/region/terms.h"

namespace holdfast::region {
namespace {

constexpr std::size_t watched_heads = 4096;  // some 100 KB; a busy region writes this many in a few seconds
constexpr std::size_t watched_terms = 4096;

std::unexpected<Error> position_lost() {
  return fail(ErrorKind::conflict, "position_lost",
              "that position was in a tail that was lost in a failover: read again without it");
}

}  // namespace

Result<std::unique_ptr<PositionWatch>> PositionWatch::open(storage::CoreDb& db) {
  std::unique_ptr<PositionWatch> watch(new PositionWatch(db));
  auto* const self = watch.get();
  const auto terms_changed = [self] {
    if (const auto read = self->reload_terms(); !read) log::error("term records were not read", read.error());
  };
  watch->subscriptions_.push_back(
      db.observe(term_table, [terms_changed](BytesView, bool) { terms_changed(); }));
  watch->subscriptions_.push_back(db.on_reset([self, terms_changed] {
    terms_changed();
    self->start_over();
  }));
  watch->subscriptions_.push_back(db.observe_heads([self](const storage::Head& head) { self->see(head); }));
  TRY_VOID(watch->reload_terms());
  watch->start_over();
  return watch;
}

Result<> PositionWatch::reload_terms() {
  TRY(const auto chain, read_terms(db_->reader(), watched_terms));
  std::vector<Opened> terms;
  for (const auto& record : chain.records()) {
    Opened opened{.term = record.term,
                  .previous_term = record.previous_term,
                  .previous_index = record.previous_index,
                  .previous_hash = {}};
    std::ranges::copy(BytesView(record.previous_head_hash).substr(0, opened.previous_hash.size()),
                      opened.previous_hash.begin());
    terms.push_back(opened);
  }
  const std::scoped_lock lock(mutex_);
  terms_ = std::move(terms);
  return {};
}

void PositionWatch::see(const storage::Head& head) {
  const auto position = storage::position_of(head);
  {
    const std::scoped_lock lock(mutex_);
    // `open` may have looked at a batch whose turn comes only now.
    if (!seen_.empty() && position.index <= seen_.back().index) return;
    if (!seen_.empty() && position.index != seen_.back().index + 1) seen_.clear();
    if (seen_.size() == watched_heads) seen_.pop_front();
    seen_.push_back({.term = position.term, .index = position.index, .hash = position.hash_prefix});
  }
  wake();
}

void PositionWatch::start_over() {
  {
    const auto position = storage::position_of(db_->applied());
    const std::scoped_lock lock(mutex_);
    seen_.assign(1, {.term = position.term, .index = position.index, .hash = position.hash_prefix});
  }
  wake();
}

void PositionWatch::wake() {
  std::vector<std::shared_ptr<Waiter>> waiting;
  {
    const std::scoped_lock lock(mutex_);
    for (const auto& weak : waiters_) {
      auto waiter = weak.lock();
      if (waiter && fate_of(waiter->position) != PositionFate::pending) waiting.push_back(std::move(waiter));
    }
  }
  for (const auto& waiter : waiting) waiter->event.set();
}

PositionFate PositionWatch::judge(const storage::Position& position) const {
  const std::scoped_lock lock(mutex_);
  return fate_of(position);
}

PositionFate PositionWatch::fate_of(const storage::Position& position) const {
  const auto oldest = seen_.front().index;
  if (position.index >= oldest && position.index - oldest < seen_.size()) {
    const Seen& here = seen_[position.index - oldest];
    if (here.term == position.term && here.hash == position.hash_prefix) return PositionFate::held;
    // A term that is newer than ours: this history is the one that will give way.
    return position.term > seen_.back().term ? PositionFate::pending : PositionFate::lost;
  }
  return fate_by_terms(position);
}

PositionFate PositionWatch::fate_by_terms(const storage::Position& position) const {
  const Seen& newest = seen_.back();
  if (position.term > newest.term) return PositionFate::pending;
  const auto after = std::ranges::find(terms_, position.term, &Opened::previous_term);
  if (after != terms_.end()) {
    if (position.index > after->previous_index) return PositionFate::lost;
    if (position.index == after->previous_index && position.hash_prefix != after->previous_hash)
      return PositionFate::lost;
  }
  const auto own = std::ranges::find(terms_, position.term, &Opened::term);
  if (own != terms_.end()) {
    if (position.index <= own->previous_index) return PositionFate::lost;
  } else if (after == terms_.end() && !terms_.empty() && position.term > terms_.front().previous_term) {
    return PositionFate::lost;  // a term that this history skipped
  }
  return position.index <= newest.index ? PositionFate::held : PositionFate::pending;
}

async::Task<Result<>> PositionWatch::wait(storage::Position position, std::chrono::milliseconds limit) {
  auto fate = judge(position);
  if (fate == PositionFate::pending) {
    const auto deadline = async::after(limit);
    const auto waiter = std::make_shared<Waiter>();
    waiter->position = position;
    {
      const std::scoped_lock lock(mutex_);
      std::erase_if(waiters_, [](const auto& weak) { return weak.expired(); });
      waiters_.push_back(waiter);
      fate = fate_of(position);  // a batch in between woke nobody
    }
    if (fate == PositionFate::pending) {
      const auto woken = co_await waiter->event.wait(deadline);
      fate = judge(position);
      if (!woken && woken.error().code == "cancelled") co_return woken;
    }
  }
  if (fate == PositionFate::held) co_return Result<>{};
  if (fate == PositionFate::lost) co_return position_lost();
  co_return fail(ErrorKind::unavailable, "position_pending",
                 "this region has not got to that position yet; try again soon");
}

}  // namespace holdfast::region
