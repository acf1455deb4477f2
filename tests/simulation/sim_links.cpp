#include <algorithm>
#include <utility>

#include "holdfast/storage/table.h"
#include "sim_world.h"

// The network, and the drivers of the machines: what ReplicationServer and ReplicationClient do, on simulated
// disks.
namespace holdfast::simulation {
namespace {

using namespace replication;

constexpr std::chrono::milliseconds latency{3};
constexpr std::chrono::milliseconds redial{150};

TermVerifier verifier_of(const std::vector<SimNode>& nodes, const ClusterId& cluster) {
  return [&nodes, &cluster](std::vector<region::TermRecord> records) {
    return region::TermChain::verify(std::move(records), cluster,
                                     [&nodes](const region::TermRecord& record) -> std::optional<Bytes> {
                                       for (const auto& node : nodes) {
                                         if (node.name == record.node) return node.row.node_spki;
                                       }
                                       return std::nullopt;
                                     });
  };
}

region::TermChain newest_of(const region::TermChain& chain) {
  const auto& records = chain.records();
  const auto size = std::min(records.size(), max_terms_in_handshake);
  return region::TermChain::trusted({records.end() - static_cast<std::ptrdiff_t>(size), records.end()});
}

}  // namespace

void SimWorld::dial(std::size_t dialler, std::size_t host) {
  auto& from = nodes_[dialler];
  const auto& to = nodes_[host];
  for (const auto& link : links_) {
    if (link->open && link->dialler == dialler && link->host == host) return;
  }
  from.redial_at[to.name] = now_ + redial;
  if (!to.alive || is_cut(dialler, host)) return;
  auto link = std::make_unique<SimLink>();
  link->dialler = dialler;
  link->host = host;
  link->host_role = to.role;
  link->dialler_role = from.role;
  GuestFacts facts{.self = from.name,
                   .peer = to.name,
                   .chain = newest_of(from.store.chain()),
                   .applied = from.store.applied(),
                   .highest_reign = from.store.applied().term.reign,
                   .wants_stream = wants_stream_from(dialler, to.name)};
  Hello hello;
  hello.cluster = cluster_;
  hello.node = from.name;
  hello.node_id = from.row.node_id;
  hello.family_map_hash = storage::family_map_hash();
  hello.role = from.role;
  hello.terms = facts.chain.records();
  hello.applied = facts.applied;
  hello.highest_reign = facts.highest_reign;
  hello.snapshot = from.store.staged_id();
  hello.wants_stream = facts.wants_stream;
  link->sink = std::make_unique<SinkSession>(facts, hello, verifier_of(nodes_, cluster_), now_);
  links_.push_back(std::move(link));
  auto& opened = *links_.back();
  carry_out_sink(opened, opened.sink->start());
}

void SimWorld::close(SimLink& link, const std::string& why) {
  link.open = false;
  endings_.push_back(nodes_[link.dialler].name.str() + " to " + nodes_[link.host].name.str() + ": " + why);
  if (endings_.size() > 8) endings_.pop_front();
}

/// HELLO and WELCOME, which nothing overtakes.
bool begins_connection(const Bytes& frame) {
  const auto type = frame.size() < frame_header_bytes ? 0 : static_cast<unsigned char>(frame[4]);
  return type <= static_cast<unsigned char>(MessageType::welcome);
}

void SimWorld::send(SimLink& link, bool to_host, const Message& message) {
  auto& queue = to_host ? link.to_host : link.to_dialler;
  auto frame = encode_message(message);
  if (harming_ && std::bernoulli_distribution(chaos_.damage_message)(random_)) {
    switch (pick(4)) {
      case 0:
        frame[pick(frame.size())] ^= static_cast<char>(1 + pick(255));
        break;
      case 1:
        queue.push_back({.due = now_ + latency, .frame = frame});
        break;
      case 2:
        if (!queue.empty()) std::swap(queue.back().frame, frame);
        break;
      default:
        frame.resize(pick(frame.size()));
        break;
    }
  }
  // As in a channel: a beat overtakes what is queued.
  auto place = queue.end();
  auto due = now_ + latency;
  if (std::holds_alternative<Beat>(message)) {
    while (place != queue.begin() && !begins_connection(std::prev(place)->frame) && pick(2) == 0) {
      --place;
      due = place->due;
    }
  }
  queue.insert(place, {.due = due, .frame = std::move(frame)});
}

void SimWorld::deliver(SimLink& link, bool to_host) {
  auto& queue = to_host ? link.to_host : link.to_dialler;
  while (link.open && !queue.empty() && queue.front().due <= now_) {
    const auto frame = std::move(queue.front().frame);
    queue.pop_front();
    receive(link, to_host, frame);
  }
}

void SimWorld::receive(SimLink& link, bool to_host, const Bytes& frame) {
  const auto header = decode_frame_header(BytesView(frame).substr(0, frame_header_bytes));
  const bool whole = header && frame.size() == frame_header_bytes + header->payload_bytes;
  auto message = whole ? decode_message(header->type, BytesView(frame).substr(frame_header_bytes))
                       : Result<Message>(fail(ErrorKind::corrupt, "corrupt", "damaged"));
  if (!message) {
    ++counts_.refused_messages;
    return close(link, "a damaged message");
  }
  if (!to_host) return carry_out_sink(link, link.sink->on_message(*std::move(message), now_));
  if (link.source) return carry_out_source(link, link.source->on_message(*std::move(message), now_));
  auto* hello = std::get_if<Hello>(&*message);
  if (hello == nullptr) return close(link, "no HELLO");
  auto& host = nodes_[link.host];
  HostFacts facts{.cluster = cluster_, .self = host.name, .family_map_hash = storage::family_map_hash()};
  facts.role = host.role;
  facts.chain = newest_of(host.store.chain());
  facts.durable = host.store.durable();
  facts.highest_reign = host.store.applied().term.reign;
  facts.peer = nodes_[link.dialler].row;
  facts.now = wall_;
  link.host_role = host.role;
  link.source =
      std::make_unique<SourceSession>(facts, std::move(*hello), verifier_of(nodes_, cluster_), now_);
  carry_out_source(link, link.source->start());
}

void SimWorld::tick(SimLink& link) {
  carry_out_sink(link, link.sink->on_tick(now_));
  if (!link.open || !link.source) return;
  carry_out_source(link, link.source->on_committed(nodes_[link.host].store.durable()));
  if (link.open) carry_out_source(link, link.source->on_tick(now_));
}

void SimWorld::work(SimLink& link) {
  // A disk takes its time: a kill may come between any two pieces of work.
  if (!link.sink_work.empty() && pick(10) < 7) {
    auto action = std::move(link.sink_work.front());
    link.sink_work.pop_front();
    sink_work(link, std::move(action));
  }
  if (link.open && !link.source_work.empty() && pick(10) < 8) {
    auto action = std::move(link.source_work.front());
    link.source_work.pop_front();
    source_work(link, std::move(action));
  }
}

void SimWorld::carry_out_sink(SimLink& link, Actions actions) {
  for (auto& action : actions) {
    if (!link.open) return;
    if (const auto* message = std::get_if<SendMessage>(&action)) {
      send(link, true, message->message);
    } else if (std::holds_alternative<SendBeat>(action)) {
      send(link, true, beat_of(nodes_[link.dialler]));
    } else if (const auto* beat = std::get_if<PeerBeat>(&action)) {
      take_answer(link.dialler, nodes_[link.host].name, link.sink->peer_chain(), beat->beat);
      const bool offers = beat->beat.role == region::Role::primary ||
                          nodes_[link.dialler].decision.step == region::BootStep::pull_tail;
      const bool redial_for_stream = offers && link.sink->state() == SinkSession::State::peer &&
                                     wants_stream_from(link.dialler, nodes_[link.host].name);
      if (redial_for_stream) close(link, "dialling again for a stream");
    } else if (const auto* closing = std::get_if<CloseSession>(&action)) {
      if (closing->code == RejectCode::malformed) ++counts_.refused_messages;
      close(link, closing->reason);
    } else if (std::holds_alternative<StreamJoined>(action)) {
      ++counts_.streams;
    } else {
      link.sink_work.push_back(std::move(action));
    }
  }
}

void SimWorld::sink_work(SimLink& link, Action action) {
  auto& node = nodes_[link.dialler];
  auto& store = node.store;
  if (const auto* apply = std::get_if<ApplyBatches>(&action)) {
    for (const auto& batch : apply->batches) {
      if (const auto wrong = store.apply(batch); !wrong.empty())
        return violate("H: the machine let through: " + wrong);
      // A and B: nothing but the one history, without a gap.
      const auto known = history_.find({batch.head.term, batch.head.index});
      if (known == history_.end() || known->second != batch.head.hash)
        return violate("A: not the primary's batch");
    }
    carry_out_sink(link, link.sink->on_applied(store.applied(), now_));
  } else if (std::holds_alternative<SyncStore>(action)) {
    store.sync();
    carry_out_sink(link, link.sink->on_synced(store.durable(), now_));
    if (node.role == region::Role::fenced) decide(link.dialler);
  } else if (const auto* begin = std::get_if<BeginSnapshot>(&action)) {
    const auto manifest = storage::CheckpointManifest::decode(begin->manifest);
    if (!manifest) return violate("a manifest that does not decode");
    carry_out_sink(link, link.sink->on_snapshot_want(store.begin_staging(begin->id, *manifest)));
  } else if (const auto* chunk = std::get_if<StoreChunk>(&action)) {
    const auto wrong = store.stage(chunk->chunk.file, chunk->chunk.offset, chunk->chunk.bytes);
    if (!wrong.empty()) return violate("F: " + wrong);
    carry_out_sink(link, link.sink->on_chunk_stored());
  } else if (std::holds_alternative<InstallSnapshot>(action)) {
    if (const auto wrong = store.install(); !wrong.empty()) {
      carry_out_sink(link,
                     link.sink->on_snapshot_failed(Error{ErrorKind::corrupt, "bad_snapshot", wrong, {}}));
      return;
    }
    ++counts_.snapshots;
    carry_out_sink(link, link.sink->on_installed());
  }
}

void SimWorld::carry_out_source(SimLink& link, Actions actions) {
  for (auto& action : actions) {
    if (!link.open) return;
    if (const auto* message = std::get_if<SendMessage>(&action)) {
      send(link, false, message->message);
    } else if (std::holds_alternative<SendBeat>(action)) {
      send(link, false, beat_of(nodes_[link.host]));
    } else if (const auto* beat = std::get_if<PeerBeat>(&action)) {
      take_answer(link.host, nodes_[link.dialler].name, link.source->peer_chain(), beat->beat);
    } else if (const auto* durable = std::get_if<PeerDurable>(&action)) {
      check_durable(nodes_[link.dialler], durable->position);
    } else if (const auto* closing = std::get_if<CloseSession>(&action)) {
      if (closing->code == RejectCode::malformed) ++counts_.refused_messages;
      // What was queued still arrives: the reason for the end.
      while (link.open && !link.to_dialler.empty()) {
        const auto frame = std::move(link.to_dialler.front().frame);
        link.to_dialler.pop_front();
        receive(link, false, frame);
      }
      close(link, closing->reason);
    } else {
      link.source_work.push_back(std::move(action));
    }
  }
}

void SimWorld::source_work(SimLink& link, Action action) {
  auto& node = nodes_[link.host];
  if (const auto* read = std::get_if<ReadLog>(&action)) {
    const auto batches = node.store.read_after(read->after.index, read->max_bytes);
    const bool known =
        read->after.index == 0 || node.store.log().at(read->after.index - 1)->head == read->after;
    if (!known || !batches) {
      const Error failed{.code = known ? "log_gone" : "position_unknown", .message = {}, .detail = {}};
      return carry_out_source(link, link.source->on_log_failed(failed));
    }
    carry_out_source(link, link.source->on_batches(*batches));
  } else if (const auto* make = std::get_if<MakeSnapshot>(&action)) {
    auto id = make->resume;
    if (!node.shelf.contains(id)) {
      id = "snapshot-" + std::to_string(++snapshot_number_);
      node.shelf[id] = node.store.snapshot();
    }
    carry_out_source(link, link.source->on_snapshot(id, node.shelf[id].manifest.encode()));
  } else if (const auto* chunk = std::get_if<ReadChunk>(&action)) {
    const auto& get = chunk->get;
    if (get.done) {
      node.shelf.erase(get.id);
      return;
    }
    SnapshotChunk answer{.id = get.id, .file = get.file, .offset = get.offset};
    const auto snapshot = node.shelf.find(get.id);
    answer.gone = snapshot == node.shelf.end() || !snapshot->second.files.contains(get.file);
    // A damaged question, as SnapshotShelf refuses it.
    if (!answer.gone && get.offset > snapshot->second.files[get.file].size())
      return close(link, "a bad SNAPSHOT_GET");
    if (!answer.gone) answer.bytes = snapshot->second.files[get.file].substr(get.offset, get.size);
    carry_out_source(link, link.source->on_chunk(std::move(answer)));
  }
}

}  // namespace holdfast::simulation
