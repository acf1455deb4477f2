#include "holdfast/storage/watermark.h"

#include <utility>

namespace holdfast::storage {

std::string_view to_string(Recovery recovery) {
  return recovery == Recovery::complete ? "complete" : "below_watermark";
}

Recovery judge_recovery(const std::optional<Watermark>& watermark, const Head& recovered) {
  const bool reached =
      !watermark || (recovered.index >= watermark->index && recovered.term >= watermark->term);
  return reached ? Recovery::complete : Recovery::below_watermark;
}

bool peer_is_further_in_own_term(const Head& own, const Position& peer) {
  return peer.term.reign == own.term.reign && peer.index > own.index;
}

WatermarkKeeper::WatermarkKeeper(LocalDb& local, std::uint64_t generation)
    : local_(local), generation_(std::to_string(generation)) {}

Result<Recovery> WatermarkKeeper::judge(const Head& recovered) const {
  TRY(const auto watermark, local_.watermark(generation_));
  return judge_recovery(watermark, recovered);
}

Result<> WatermarkKeeper::advance(const Head& durable) {
  const Watermark next{.term = durable.term, .index = durable.index};
  // The term first: a term that was opened on a shorter log is what an operator decided, and is not to be
  // asked about again at the next start.
  const auto is_behind = [&] {
    return std::pair(next.term, next.index) <= std::pair(last_.term, last_.index);
  };
  if (is_behind()) return {};
  if (last_ == Watermark{}) {
    TRY(const auto stored, local_.watermark(generation_));
    if (stored) last_ = *stored;
    if (is_behind()) return {};
  }
  TRY_VOID(local_.set_watermark(generation_, next));
  last_ = next;
  return {};
}

}  // namespace holdfast::storage
