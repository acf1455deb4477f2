#pragma once

#include <chrono>
#include <cstdint>
#include <span>

#include "holdfast/base/clock.h"

namespace holdfast::identity {

/// Failures before the first wait; the n-th from here on waits 2^(n−5) seconds, at most a quarter of an hour.
inline constexpr std::uint32_t lockout_threshold = 5;
inline constexpr std::chrono::seconds lockout_longest = std::chrono::minutes(15);
/// A count is void so long after its last failure. Not sooner, or guessing in bursts would gain by it: four
/// guesses an hour go on without end at the longest wait.
inline constexpr std::chrono::hours lockout_remembered{24};

/// Failed password attempts against one account as one region counted them. Only that region writes its row;
/// another's counts add to it. A count of an older epoch than the account's is void: that is how an unlock
/// reaches counts that a region cannot write.
struct FailureCount {
  std::uint32_t failures = 0;
  WallTime last_failure;
  std::uint64_t epoch = 0;

  bool operator==(const FailureCount&) const = default;
};

/// Whether a count is void by its age, or by a time so far ahead that a clock was wrong.
bool is_forgotten(const FailureCount& count, WallTime now);

/// All regions' counts as one: failures added up, the latest time. A time that lies further ahead of `now`
/// than the longest wait is of a clock that has been set back since: it locks nobody, its failures count.
FailureCount total_failures(std::span<const FailureCount> counts, std::uint64_t epoch, WallTime now);

/// How long a wait this many failures earn.
std::chrono::seconds lockout_wait(std::uint32_t failures);

/// Until when attempts are refused without looking at the password; the past when they are not.
WallTime locked_until(const FailureCount& total);

}  // namespace holdfast::identity
