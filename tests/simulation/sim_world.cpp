#include "sim_world.h"

#include <algorithm>

#include "holdfast/region/terms.h"
#include "replication/batches.h"

namespace holdfast::simulation {
namespace {

constexpr std::chrono::milliseconds step_time{5};

region::Member row_of(const RegionName& name, const crypto::NodeKey& key) {
  return {.name = name, .node_id = "id-of-" + name.str(), .node_spki = key.public_spki_der()};
}

}  // namespace

SimWorld::SimWorld(std::uint64_t seed, std::size_t nodes, Chaos chaos)
    : seed_(seed),
      random_(seed),
      chaos_(chaos),
      now_(std::chrono::seconds(1000)),
      wall_(from_micros(1'795'253'400'000'000)) {
  for (std::size_t i = 0; i < nodes; ++i) {
    const RegionName name("region-" + std::to_string(i));
    auto key = *crypto::NodeKey::generate();
    auto row = row_of(name, key);
    nodes_.push_back({.name = name, .key = std::move(key), .row = std::move(row)});
  }
  const auto first = region::first_term(cluster_, nodes_[0].name, nodes_[0].key, wall_);
  commit(0, std::string(term_value_prefix) + first.encode(), first.term);
  for (std::size_t i = 0; i < nodes; ++i) start(i);
}

void SimWorld::violate(const std::string& what) {
  if (violation_.empty()) violation_ = "seed " + std::to_string(seed_) + ": " + what + "\n" + describe();
}

bool SimWorld::chance(double per_second) {
  const auto seconds = std::chrono::duration<double>(step_time).count();
  return std::bernoulli_distribution(std::min(1.0, per_second * seconds))(random_);
}

std::size_t SimWorld::index_of(const RegionName& name) const {
  const auto found = std::ranges::find(nodes_, name, &SimNode::name);
  return static_cast<std::size_t>(found - nodes_.begin());
}

std::string SimWorld::describe() const {
  std::string text;
  for (const auto& node : nodes_) {
    text += node.name.str() + (node.alive ? " " : " (down) ") + std::string(to_string(node.role)) + " " +
            std::string(to_string(node.decision.reason)) + " durable " +
            storage::to_string(node.store.durable().term) + "/" + std::to_string(node.store.durable().index) +
            "\n";
  }
  for (const auto& ending : endings_) text += ending + "\n";
  return text;
}

void SimWorld::run(std::chrono::milliseconds time, bool with_chaos) {
  const auto until = now_ + time;
  harming_ = with_chaos;
  while (now_ < until && violation_.empty()) step(with_chaos);
}

void SimWorld::heal() {
  cut_.clear();
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    if (!nodes_[i].alive) start(i);
  }
}

bool SimWorld::converged() const {
  const auto primaries = std::ranges::count(nodes_, region::Role::primary, &SimNode::role);
  return primaries == 1 && std::ranges::all_of(nodes_, [&](const SimNode& node) {
           return node.alive && node.store.durable() == nodes_[0].store.durable() &&
                  node.store.durable().index > 0;
         });
}

void SimWorld::step(bool with_chaos) {
  now_ += step_time;
  wall_ += step_time;
  if (with_chaos) do_harm();
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    auto& node = nodes_[i];
    if (!node.alive) continue;
    if (node.role == region::Role::primary) {
      if (with_chaos && chance(chaos_.commits)) {
        commit(i, std::string(pick(3000), 'v'), node.store.applied().term);
        ++counts_.commits;
      }
      continue;
    }
    for (std::size_t host = 0; host < nodes_.size(); ++host) {
      if (host != i && node.redial_at[nodes_[host].name] <= now_) dial(i, host);
    }
  }
  // Sessions may open and close links while they are served: go by index.
  for (std::size_t i = 0; i < links_.size(); ++i) {
    auto& link = *links_[i];
    if (link.open) tick(link);
    if (link.open) work(link);
    if (link.open && !is_cut(link.dialler, link.host)) {
      deliver(link, true);
      if (link.open) deliver(link, false);
    }
  }
  std::erase_if(links_, [](const auto& link) { return !link->open; });
  const auto primaries = std::ranges::count_if(
      nodes_, [](const SimNode& node) { return node.alive && node.role == region::Role::primary; });
  if (primaries > 1) violate("two primaries");
}

void SimWorld::do_harm() {
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    if (nodes_[i].alive && chance(chaos_.kill)) kill(i);
    if (!nodes_[i].alive && chance(chaos_.restart)) start(i);
    for (std::size_t other = 0; other < i; ++other) {
      if (chance(chaos_.cut_link)) cut_.insert({other, i});
      if (chance(chaos_.mend_link)) cut_.erase({other, i});
    }
  }
  if (nodes_[0].alive && nodes_[0].role == region::Role::primary && chance(chaos_.purge_log)) {
    const auto durable = nodes_[0].store.durable().index;
    if (durable > 0) nodes_[0].store.purge(pick(durable) + 1);
  }
  for (auto& link : links_) {
    if (chance(chaos_.drop_connection)) close(*link, "dropped");
  }
}

void SimWorld::kill(std::size_t index) {
  auto& node = nodes_[index];
  ++counts_.kills;
  const bool was_primary = node.role == region::Role::primary;
  node.alive = false;
  node.role = region::Role::fenced;
  node.answers.clear();
  node.shelf.clear();
  node.store.lose_unsynced();
  for (auto& link : links_) {
    if (link->dialler == index || link->host == index) close(*link, "killed");
  }
  if (was_primary && std::bernoulli_distribution(chaos_.lose_tail)(random_)) lose_tail(index);
}

void SimWorld::lose_tail(std::size_t index) {
  // Only what a peer can give back: otherwise the region rightly stays fenced for good.
  auto& store = nodes_[index].store;
  const auto& durable = store.durable();
  if (durable.index < 3) return;
  const auto left = durable.index - 1 - pick(std::min<std::uint64_t>(durable.index - 2, 50));
  const auto can_give = [&](const SimNode& peer) {
    return &peer != &nodes_[index] && peer.store.durable() == durable &&
           peer.store.read_after(left, 1).has_value();
  };
  // A term that was opened last has to stay: a lost opening is a lost history, which only a promotion ends.
  const auto* newest = store.chain().newest();
  if (std::ranges::none_of(nodes_, can_give) || newest->previous_index + 1 > left) return;
  store.cut(left);
}

void SimWorld::start(std::size_t index) {
  auto& node = nodes_[index];
  node.alive = true;
  node.role = region::Role::fenced;
  decide(index);
}

void SimWorld::decide(std::size_t index) {
  auto& node = nodes_[index];
  region::BootFacts facts{.self = node.name, .own = node.store.applied()};
  if (const auto* newest = node.store.chain().newest()) {
    facts.newest = *newest;
    facts.highest_reign = newest->term.reign;
  }
  for (const auto& other : nodes_) {
    if (other.name != node.name) facts.others.push_back(other.name);
  }
  facts.answers = node.answers;
  const auto before = node.role;
  const auto step_before = node.decision.step;
  node.decision = region::decide_boot(facts);
  switch (node.decision.step) {
    case region::BootStep::open_term:
      if (step_before == region::BootStep::pull_tail) ++counts_.pulled_tails;
      open_term(index);
      break;
    case region::BootStep::follow:
      node.role = region::Role::secondary;
      break;
    default:
      node.role = region::Role::fenced;
      break;
  }
  if (node.role == before) return;
  for (auto& link : links_) {
    if (link->dialler == index || link->host == index) close(*link, "a role changed");
  }
}

void SimWorld::open_term(std::size_t index) {
  auto& node = nodes_[index];
  if (node.store.applied().index < acknowledged_)
    violate("C: a term opened that discards acknowledged batches");
  const auto record =
      region::next_incarnation(*node.store.chain().newest(), node.store.applied(), cluster_, node.key, wall_);
  commit(index, std::string(term_value_prefix) + record.encode(), record.term);
  node.role = region::Role::primary;
  ++counts_.incarnations;
}

void SimWorld::commit(std::size_t index, const std::string& value, storage::Term term) {
  auto& store = nodes_[index].store;
  const auto batch = test::make_batch(store.applied(), store.next_sequence(), term, wall_, "key", value);
  if (const auto wrong = store.apply(batch); !wrong.empty())
    return violate("the primary's own batch: " + wrong);
  store.sync();
  const auto [known, fresh] = history_.emplace(std::pair(term, batch.head.index), batch.head.hash);
  if (!fresh && known->second != batch.head.hash) violate("A: two batches at one term and index");
}

void SimWorld::take_answer(std::size_t index, const RegionName& peer, const region::TermChain& chain,
                           const replication::Beat& beat) {
  auto& node = nodes_[index];
  region::PeerAnswer answer{
      .name = peer, .role = beat.role, .highest_reign = beat.highest_reign, .applied = beat.applied};
  if (const auto* newest = chain.newest()) answer.newest = *newest;
  node.answers[peer] = std::move(answer);
  if (node.role == region::Role::fenced) decide(index);
}

bool SimWorld::wants_stream_from(std::size_t index, const RegionName& peer) const {
  const auto& node = nodes_[index];
  if (node.role == region::Role::primary) return false;
  if (node.decision.step == region::BootStep::pull_tail) return node.decision.pull_from == peer;
  return node.decision.step == region::BootStep::follow;
}

replication::Beat SimWorld::beat_of(const SimNode& node) const {
  replication::Beat beat;
  beat.clock = wall_;
  beat.role = node.role;
  beat.term = node.store.applied().term;
  beat.highest_reign = node.store.applied().term.reign;
  beat.applied = node.store.applied();
  beat.durable = storage::position_of(node.store.durable());
  return beat;
}

void SimWorld::check_durable(const SimNode& node, const storage::Position& position) {
  // C: what was acknowledged is on that disk, with that very history.
  if (position.index == 0) return;
  acknowledged_ = std::max(acknowledged_, position.index);
  if (node.store.durable().index < position.index)
    return violate("C: acknowledged but not durable at " + node.name.str());
  const auto& batch = *node.store.log().at(position.index - 1);
  if (storage::position_of(batch.head) != position)
    violate("C: another batch is durable at " + node.name.str());
}

}  // namespace holdfast::simulation
