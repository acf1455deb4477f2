#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "holdfast/base/result.h"
#include "holdfast/storage/local_db.h"
#include "holdfast/storage/position.h"

namespace holdfast::storage {

/// What a recovered store is worth. A damaged log opens without a word as a shorter one (seen: one flipped
/// byte, Open says OK, the tail is gone), so the head found at start is compared with the synced watermark of
/// local.db.
enum class Recovery : std::uint8_t {
  complete,         ///< at or beyond its watermark, or there is none for this generation
  below_watermark,  ///< lost a tail that was synced: may not open a term; a peer's log fills the gap, or is
                    ///< promoted
};
std::string_view to_string(Recovery recovery);

/// Judges the head that was found at start.
Recovery judge_recovery(const std::optional<Watermark>& watermark, const Head& recovered);

/// Whether a peer holds more of our own last reign than we do: its incarnations were all opened here, so the
/// log here lost its tail, however complete it looks, and opening a term would fork history.
bool peer_is_further_in_own_term(const Head& own, const Position& peer);

/// Keeps the watermark of one generation in local.db: call `advance` about once a second and when the daemon
/// stops. A watermark only ever rises, by term and then by index, and what lies between it and the end of the
/// log is what a peer's position covers. One thread at a time; blocks on local.db's sync.
class WatermarkKeeper {
 public:
  WatermarkKeeper(LocalDb& local, std::uint64_t generation);

  /// Compares the store's head after opening with what was once synced. Call before anything is written.
  [[nodiscard]] Result<Recovery> judge(const Head& recovered) const;
  /// Writes the watermark when `durable` is beyond it.
  Result<> advance(const Head& durable);

 private:
  LocalDb& local_;
  std::string generation_;
  Watermark last_;
};

}  // namespace holdfast::storage
