#include "blob_session.h"

#include <algorithm>
#include <utility>

#include "gather.h"
#include "holdfast/async/timer.h"
#include "holdfast/base/damaged.h"
#include "holdfast/base/log.h"
#include "holdfast/base/metrics.h"
#include "liveness.h"

namespace holdfast::replication {
namespace {

constexpr std::size_t transfers_at_once = 4;
constexpr std::size_t wishes_at_once = 64;
// An honest member has one WANT and as many FETCHes as transfers.
constexpr std::size_t max_questions = 64;
// Answers come one after the other: as long as bytes of objects come, what was asked for is on its way. Not
// for ever, or a member that trickles keeps these from being asked for elsewhere; four chunks of 1 MiB
// take 7 KB/s that long.
constexpr std::chrono::seconds stalled_after{60};
constexpr std::chrono::minutes given_up_after{10};

metrics::Metric blobs_fetched{metrics::Kind::counter, "holdfast_blobs_fetched_total",
                              "Objects' bytes that came from another region."};
metrics::Metric blob_bytes_sent{metrics::Kind::counter, "holdfast_blob_bytes_sent_total",
                                "Bytes of objects given to other regions."};

/// One sealed chunk as it lies on disk.
Result<BlobData> read_sealed(const storage::BlobStore& blobs, const BlobFetch& fetch) {
  BlobData data{.id = fetch.id, .chunk = fetch.chunk};
  auto reader = blobs.read(fetch.id);
  if (!reader || fetch.chunk >= reader->shape().chunks) {
    data.absent = true;
    return data;
  }
  if (fetch.header) data.header = reader->header();
  TRY(data.sealed, reader->sealed_chunk(fetch.chunk));
  data.last = fetch.chunk + 1 == reader->shape().chunks;
  return data;
}

/// True once the blob is whole and durable.
Result<bool> keep_sealed(storage::BlobImport& import, const BlobData& data) {
  if (import.wants_header()) TRY_VOID(import.header(data.header));
  if (data.chunk != import.next_chunk()) {
    return damaged("not the chunk that was asked for");
  }
  TRY_VOID(import.add(data.sealed, data.last));
  if (data.last) TRY_VOID(import.finish());
  return data.last;
}

}  // namespace

BlobSession::BlobSession(Context& context, std::shared_ptr<Channel> channel, RegionName peer)
    : context_(&context),
      channel_(std::move(channel)),
      peer_(std::move(peer)),
      rate_(context.options.blob_bytes_per_second) {}

BlobSession::~BlobSession() {
  for (const auto& [id, transfer] : transfers_) context_->release_blob(id);
}

async::Task<> BlobSession::run() {
  const auto self = shared_from_this();
  struct Closer {
    BlobSession* session;
    ~Closer() { session->close(); }
  } closer{this};
  wanted_ = context_->parts.demand.on_wanted([weak = weak_from_this()] {
    if (const auto session = weak.lock()) session->wake();
  });
  const auto executor = channel_->connection().executor();
  context_->tasks.spawn(executor, ask_loop(self));
  context_->tasks.spawn(executor, answer_loop(self));
  co_await read_loop();
}

void BlobSession::close() {
  if (closed_) return;
  closed_ = true;
  channel_->finish();
  wake_.notify();
  asked_something_.notify();
}

async::Task<> BlobSession::read_loop() {
  while (!closed_) {
    auto message = co_await channel_->read(ReadLimit::silence(silence_limit));
    if (!message || !is_member_still(*context_, *channel_, peer_)) co_return;
    co_await take(*std::move(message));
  }
}

async::Task<> BlobSession::ask_loop(std::shared_ptr<BlobSession> self) {
  auto& demand = context_->parts.demand;
  while (!self->closed_) {
    // An empty WANT is the beat of this connection.
    BlobWant want;
    note_arrival();
    give_up_stalled();
    if (asked_.empty() && transfers_.size() < transfers_at_once) want.ids = demand.next(wishes_at_once);
    std::erase_if(want.ids, [&](const BlobId& id) { return transfers_.contains(id); });
    if (!want.ids.empty()) {
      asked_ = want.ids;
      asked_at_ = context_->parts.clock.steady_now();
    }
    channel_->send(want);
    (void)co_await wake_.wait(async::after(beat_interval));
    // A burst of wishes makes one question.
    co_await async::sleep_for(std::chrono::milliseconds(2));
  }
}

async::Task<> BlobSession::take(Message message) {
  if (auto* want = std::get_if<BlobWant>(&message)) co_return ask(std::move(*want));
  if (auto* fetch = std::get_if<BlobFetch>(&message)) co_return ask(std::move(*fetch));
  if (auto* have = std::get_if<BlobHave>(&message)) co_return co_await begin_transfers(std::move(*have));
  if (auto* data = std::get_if<BlobData>(&message)) co_return co_await store(std::move(*data));
  log::warn("a member sent what does not belong on a connection for objects", {{"peer", peer_.str()}});
  close();
}

void BlobSession::ask(std::variant<BlobWant, BlobFetch> question) {
  if (const auto* want = std::get_if<BlobWant>(&question); want && want->ids.empty()) return;
  if (questions_.size() >= max_questions) {
    log::warn("a member asks for more at once than a member does", {{"peer", peer_.str()}});
    return close();
  }
  questions_.push_back(std::move(question));
  asked_something_.notify();
}

/// Apart from the reading: while an answer waits for its turn under the rate cap, or for room, what comes
/// must still be taken, or the other side takes this one for dead.
async::Task<> BlobSession::answer_loop(std::shared_ptr<BlobSession> self) {
  while (!self->closed_) {
    if (questions_.empty()) {
      if (const auto woken = co_await asked_something_.wait(); !woken) co_return;
      continue;
    }
    auto question = std::move(questions_.front());
    questions_.pop_front();
    if (auto* want = std::get_if<BlobWant>(&question)) co_await answer_want(std::move(*want));
    if (auto* fetch = std::get_if<BlobFetch>(&question)) co_await answer_fetch(std::move(*fetch));
  }
}

async::Task<> BlobSession::answer_want(BlobWant want) {
  auto have = co_await async::offload(context_->parts.disk, [blobs = &context_->parts.blobs, want] {
    BlobHave found;
    for (const auto& id : want.ids) (blobs->has(id) ? found.ids : found.missing).push_back(id);
    return found;
  });
  // Every WANT is answered, or its sender would ask no more: what could not be looked for (a full queue)
  // counts as missing and is asked for again.
  if (!have) have = BlobHave{.ids = {}, .missing = std::move(want.ids)};
  co_await channel_->room();
  channel_->send(*have);
}

async::Task<> BlobSession::answer_fetch(BlobFetch fetch) {
  co_await channel_->room();
  auto data = co_await async::offload(
      context_->parts.disk, [blobs = &context_->parts.blobs, fetch] { return read_sealed(*blobs, fetch); });
  if (!data) {
    log::error("an object's bytes do not read", data.error());
    data = BlobData{.id = fetch.id, .chunk = fetch.chunk, .absent = true};
  }
  const auto size = data->sealed.size();
  blob_bytes_sent.add(static_cast<std::int64_t>(size));
  channel_->send(*std::move(data));
  co_await async::sleep_until(rate_.after(size, context_->parts.clock.steady_now()));
}

async::Task<> BlobSession::begin_transfers(BlobHave have) {
  const auto asked = std::exchange(asked_, {});
  for (const auto& id : have.ids) {
    if (transfers_.size() >= transfers_at_once) break;
    // Nobody fills this disk with what it did not ask for.
    if (std::ranges::find(asked, id) == asked.end()) continue;
    // What it is was never this member's to say: the row does, which it may still have meanwhile.
    auto content = context_->parts.demand.wanted(id);
    if (!content || transfers_.contains(id) || !context_->claim_blob(id)) continue;
    transfers_[id];
    auto import = co_await async::offload(
        context_->parts.disk, [blobs = &context_->parts.blobs, id, content = *std::move(content)] {
          return blobs->import(id, content);
        });
    if (!import) {
      // Here already: another member was faster.
      if (import.error().kind == ErrorKind::conflict) context_->parts.demand.arrived(id);
      give_up(id);
      note_refused(import.error());
      if (import.error().kind == ErrorKind::storage_full) break;
      continue;
    }
    refused_for_ = {};
    auto& transfer = transfers_[id];
    transfer.import.emplace(*std::move(import));
    fetch_next(id, transfer);
  }
}

void BlobSession::note_refused(const Error& error) {
  // It is asked for again with every beat: said once for as long as it stays the same.
  if (error.kind == ErrorKind::conflict || std::exchange(refused_for_, error.code) == error.code) return;
  log::warn("objects' bytes of other regions cannot be received",
            {{"peer", peer_.str()}, {"error", error.describe()}});
}

void BlobSession::fetch_next(const BlobId& id, Transfer& transfer) {
  transfer.asked_at = context_->parts.clock.steady_now();
  channel_->send(
      BlobFetch{.id = id, .chunk = transfer.import->next_chunk(), .header = transfer.import->wants_header()});
}

bool BlobSession::has_stalled(SteadyTime asked_at) const {
  const auto now = context_->parts.clock.steady_now();
  return now - std::max(asked_at, object_heard_at_) >= stalled_after || now - asked_at >= given_up_after;
}

void BlobSession::note_arrival() {
  if (channel_->arriving() == MessageType::blob_data)
    object_heard_at_ = std::max(object_heard_at_, channel_->heard_at());
}

void BlobSession::give_up_stalled() {
  // A WANT that nobody answers must not be the last one: the beats keep this connection alive.
  if (has_stalled(asked_at_)) asked_.clear();
  std::vector<BlobId> stalled;
  for (const auto& [id, transfer] : transfers_) {
    const bool waits_for_peer = transfer.import && !transfer.is_storing;
    if (waits_for_peer && has_stalled(transfer.asked_at)) stalled.push_back(id);
  }
  for (const auto& id : stalled) give_up(id);
}

async::Task<> BlobSession::store(BlobData data) {
  const auto id = data.id;
  const auto found = transfers_.find(id);
  if (found == transfers_.end() || !found->second.import) co_return;
  object_heard_at_ = context_->parts.clock.steady_now();
  if (data.absent) co_return give_up(id);
  auto& transfer = found->second;  // stays while it is being stored
  transfer.is_storing = true;
  auto* import = &*transfer.import;
  const auto whole = co_await async::offload(
      context_->parts.disk, [import, data = std::move(data)] { return keep_sealed(*import, data); });
  if (!whole) {
    // Most often its key is in a batch that has not arrived yet; otherwise the bytes are damaged. Asked again
    // later.
    log::warn("an object's bytes were not taken",
              {{"peer", peer_.str()}, {"error", whole.error().describe()}});
    co_return give_up(id);
  }
  transfer.is_storing = false;
  if (!*whole) co_return fetch_next(id, transfer);
  blobs_fetched.add();
  context_->parts.demand.arrived(id);
  give_up(id);
  wake_.notify();
}

void BlobSession::give_up(const BlobId& id) {
  transfers_.erase(id);
  context_->release_blob(id);
}

}  // namespace holdfast::replication
