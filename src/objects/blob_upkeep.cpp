#include "holdfast/objects/blob_upkeep.h"

#include <utility>

#include "holdfast/base/log.h"

namespace holdfast::objects {
namespace {

constexpr std::size_t blobs_scanned_at_once = 1000;

void log_upkeep_failure(const Result<>& result) {
  if (!result) log::error(log::own_work, "blobs were not brought in step with their rows", result.error());
}

}  // namespace

BlobUpkeep::BlobUpkeep(Parts parts, Options options)
    : parts_(parts),
      options_(options),
      collector_(parts.blobs, parts.clock, options.grace,
                 [&objects = parts.objects](const BlobId& blob) { return objects.is_referenced(blob); }) {
  subscriptions_.push_back(
      parts_.objects.observe_blobs([this](const BlobId& blob, bool named) { heard(blob, named); }));
  subscriptions_.push_back(parts_.db.on_reset([this] {
    {
      const std::scoped_lock lock(mutex_);
      scan_ = true;
    }
    wake_.notify();
  }));
}

void BlobUpkeep::heard(const BlobId& blob, bool named) {
  {
    const std::scoped_lock lock(mutex_);
    heard_.emplace_back(blob, named);
  }
  wake_.notify();
}

async::Task<> BlobUpkeep::run() {
  auto next_sweep = async::after(options_.sweep_every);
  while (true) {
    co_await catch_up();
    const auto woken = co_await wake_.wait(next_sweep);
    if (woken) continue;
    next_sweep = async::after(options_.sweep_every);
    const auto swept = co_await async::offload(parts_.disk, [this]() -> Result<> {
      TRY_VOID(collector_.sweep());
      return {};
    });
    log_upkeep_failure(swept);
  }
}

async::Task<> BlobUpkeep::catch_up() {
  std::vector<std::pair<BlobId, bool>> heard;
  bool scan = false;
  {
    const std::scoped_lock lock(mutex_);
    heard.swap(heard_);
    scan = std::exchange(scan_, false);
  }
  if (heard.empty() && !scan) co_return;
  const auto done = co_await async::offload(parts_.disk, [&]() -> Result<> {
    settle(heard);
    return scan ? want_everything_missing() : Result<>{};
  });
  log_upkeep_failure(done);
  if (!done && scan) {
    const std::scoped_lock lock(mutex_);
    scan_ = true;
  }
}

void BlobUpkeep::settle(const std::vector<std::pair<BlobId, bool>>& heard) {
  for (const auto& [blob, named] : heard) {
    if (!named) {
      parts_.demand.forget(blob);
    } else {
      want_if_missing(blob);
    }
  }
}

void BlobUpkeep::want_if_missing(const BlobId& blob) {
  if (parts_.blobs.has(blob)) return;
  auto content = parts_.objects.content_of(blob);
  if (!content) {
    // One damaged row must not keep the others' bytes away; `verify` finds it.
    log::error(log::own_work, "a blob whose row does not read is not asked for", content.error());
  } else if (*content) {
    parts_.demand.want(blob, **std::move(content));
  }
}

Result<> BlobUpkeep::want_everything_missing() {
  BlobId after;
  while (true) {
    std::vector<BlobId> page;
    TRY_VOID(parts_.objects.visit_referenced(after, blobs_scanned_at_once,
                                             [&](const BlobId& blob) { page.push_back(blob); }));
    for (const auto& blob : page) want_if_missing(blob);
    if (page.size() < blobs_scanned_at_once) return {};
    after = page.back();
  }
}

}  // namespace holdfast::objects
