#include <algorithm>
#include <utility>

#include "holdfast/base/damaged.h"
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
  std::optional<Result<Bytes>> first_piece{};  ///< read with the opening, which saves most objects a hop
  std::uint64_t offset = 0;
  std::uint64_t end = 0;

  /// Up to the end of a chunk: each one is unsealed once.
  [[nodiscard]] std::size_t next_size() const {
    const auto to_chunk_end = storage::blob_chunk_bytes - offset % storage::blob_chunk_bytes;
    return static_cast<std::size_t>(std::min<std::uint64_t>(end - offset, to_chunk_end));
  }
  /// Blocking.
  Result<> open_blob(const BlobId& id) {
    TRY(auto opened, service->parts.blobs.read(id));
    blob.emplace(std::move(opened));
    first_piece = blob->read(offset, next_size());
    return {};
  }
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
  storage::BlobContent said{.size = found.object.size, .sha256 = std::move(found.object.sha256)};
  auto opened = co_await async::offload(state_->parts.disk, [&] { return content->open_blob(id); });
  if (!opened && opened.error().kind == ErrorKind::not_found) {
    CO_TRY_VOID(co_await state_->parts.demand.fetch_now(id, std::move(said), fetch_limit));
    opened = co_await async::offload(state_->parts.disk, [&] { return content->open_blob(id); });
  }
  if (!opened) co_return fail(std::move(opened).error());
  co_return Content(std::move(content));
}

async::Task<Result<Bytes>> Content::read() {
  if (remaining() == 0) co_return Bytes();
  const auto size = state_->next_size();
  const auto offset = std::exchange(state_->offset, state_->offset + size);
  if (!state_->blob) co_return state_->inline_bytes.substr(static_cast<std::size_t>(offset), size);
  auto piece = std::exchange(state_->first_piece, std::nullopt);
  if (!piece) {
    piece = co_await async::offload(state_->service->parts.disk,
                                    [&] { return state_->blob->read(offset, size); });
  }
  CO_TRY(auto bytes, *std::move(piece));
  if (bytes.size() != size) {
    co_return damaged("a blob is shorter than its row says");
  }
  co_return bytes;
}

std::uint64_t Content::remaining() const { return state_->end - state_->offset; }

}  // namespace holdfast::objects
