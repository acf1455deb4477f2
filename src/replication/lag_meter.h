#pragma once

#include <chrono>
#include <cstdint>
#include <deque>

#include "holdfast/base/clock.h"
#include "holdfast/storage/position.h"

namespace holdfast::replication {

/// How far one secondary's durable position is behind, by the primary's clock alone: the age of the oldest
/// batch that it has not confirmed, and the bytes of all such batches. Bytes not yet sent are estimated from
/// the mean batch. Pure.
class LagMeter {
 public:
  void sent(const storage::Head& head, std::size_t bytes) {
    waiting_.push_back({.index = head.index, .committed_at = head.committed_at, .bytes = bytes});
    waiting_bytes_ += bytes;
    ++seen_batches_;
    seen_bytes_ += bytes;
  }

  void acknowledged(std::uint64_t index) {
    while (!waiting_.empty() && waiting_.front().index <= index) {
      waiting_bytes_ -= waiting_.front().bytes;
      waiting_.pop_front();
    }
  }

  struct Lag {
    std::chrono::microseconds time{};
    std::uint64_t bytes = 0;
  };
  /// `sent` is the last batch given to the peer, `durable` ours, `now` this region's wall clock.
  [[nodiscard]] Lag lag(const storage::Head& sent, const storage::Head& durable, WallTime now) const {
    const auto unsent = durable.index > sent.index ? durable.index - sent.index : 0;
    if (waiting_.empty() && unsent == 0) return {};
    const auto oldest = waiting_.empty() ? durable.committed_at : waiting_.front().committed_at;
    const auto mean = seen_batches_ == 0 ? 0 : seen_bytes_ / seen_batches_;
    return {.time = std::max(std::chrono::microseconds(0), now - oldest),
            .bytes = waiting_bytes_ + unsent * mean};
  }

 private:
  struct Waiting {
    std::uint64_t index;
    WallTime committed_at;
    std::size_t bytes;
  };
  std::deque<Waiting> waiting_;
  std::uint64_t waiting_bytes_ = 0;
  std::uint64_t seen_batches_ = 0;
  std::uint64_t seen_bytes_ = 0;
};

}  // namespace holdfast::replication
