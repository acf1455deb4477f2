#include <algorithm>
#include <utility>

#include "object_service_state.h"

/// Content, and how ObjectService opens it.
namespace holdfast::objects {
namespace {

/// How long a reader waits for another member to send a blob: less than clients wait for an answer.
constexpr std::chrono::milliseconds fetch_limit{3000};

}  // namespace

struct Content::State {
  std::shared_ptr<ObjectService::State> service;
  Bytes inline_bytes{};
  std::optional<storage::BlobReader> blob{};
  std::uint64_t offset = 0;
  std::uint64_t end = 0;
};

Content::Content(std::unique_ptr<State> state) : state_(std::move(state)) {}
Content::Content(Content&&) noexcept = default;
Content& Content::operator=(Content&&) noexcept = default;
Content::~Content() = default;

async::Task<Result<Content>> ObjectService::open(Found found, std::optional<ByteRange> range) {
  auto content = std::make_unique<Content::State>(Content::State{.service = state_});
  content->offset = range ? range->first : 0;
  content->end = range ? range->last + 1 : found.object.size;
  if (!found.object.blob) {
    content->inline_bytes = std::move(found.inline_bytes);
    co_return Content(std::move(content));
  }
  const auto id = *found.object.blob;
  auto blob = co_await async::offload(state_->parts.disk, [&] { return state_->parts.blobs.read(id); });
  if (!blob && blob.error().kind == ErrorKind::not_found) {
    CO_TRY_VOID(co_await state_->parts.demand.fetch_now(id, fetch_limit));
    blob = co_await async::offload(state_->parts.disk, [&] { return state_->parts.blobs.read(id); });
  }
  if (!blob) co_return fail(std::move(blob).error());
  content->blob.emplace(*std::move(blob));
  co_return Content(std::move(content));
}

async::Task<Result<Bytes>> Content::read() {
  const auto left = remaining();
  if (left == 0) co_return Bytes();
  // Up to the end of a chunk: each one is unsealed once.
  const auto to_chunk_end = storage::blob_chunk_bytes - state_->offset % storage::blob_chunk_bytes;
  const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(left, to_chunk_end));
  const auto offset = std::exchange(state_->offset, state_->offset + size);
  if (!state_->blob) co_return state_->inline_bytes.substr(static_cast<std::size_t>(offset), size);
  CO_TRY(auto bytes, co_await async::offload(state_->service->parts.disk,
                                             [&] { return state_->blob->read(offset, size); }));
  if (bytes.size() != size) {
    co_return fail(ErrorKind::corrupt, "corrupt", "stored data is damaged",
                   "a blob is shorter than its row says");
  }
  co_return bytes;
}

std::uint64_t Content::remaining() const { return state_->end - state_->offset; }

}  // namespace holdfast::objects
