#include "holdfast/replication/replication.h"

#include <algorithm>
#include <utility>

#include "client.h"
#include "context.h"
#include "holdfast/async/timer.h"
#include "holdfast/base/log.h"
#include "holdfast/storage/log_janitor.h"
#include "holdfast/storage/watermark.h"
#include "liveness.h"
#include "server.h"
#include "source_driver.h"

namespace holdfast::replication {
namespace {

constexpr std::chrono::milliseconds supervise_every{500};
constexpr std::chrono::seconds janitor_every{10};
constexpr std::chrono::milliseconds look_again{50};

}  // namespace

struct Replication::Impl {
  Impl(Parts parts, Options options, std::unique_ptr<SlotBook> slots)
      : context(std::move(parts), std::move(options), std::move(slots)), client(context) {}

  Context context;
  Client client;
  std::unique_ptr<Server> server;
  std::shared_ptr<void> published;
  std::vector<region::Subscription> subscriptions;
  std::optional<storage::WatermarkKeeper> watermark;
  std::uint64_t generation = 0;
  std::atomic<region::Role> role = region::Role::fenced;

  void on_role();
  void on_members();
  void watch_primary();
  Result<> keep_watermark();
  Result<> clean();
  static async::Task<> supervise(Impl* impl);
};

Result<std::unique_ptr<Replication>> Replication::open(Parts parts, Options options) {
  TRY(auto slots, SlotBook::open(parts.local));
  auto impl = std::make_unique<Impl>(std::move(parts), std::move(options), std::move(slots));
  TRY(impl->server, Server::open(impl->context));
  return std::unique_ptr<Replication>(new Replication(std::move(impl)));
}

Replication::Replication(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Replication::~Replication() { stop(); }

std::uint16_t Replication::port() const { return impl_->server->port(); }
std::optional<SnapshotProgress> Replication::snapshot_progress() const { return impl_->context.progress(); }

void Replication::start() {
  auto* impl = impl_.get();
  auto& parts = impl->context.parts;
  impl->role = parts.state.role();
  impl->published = parts.ring.on_publish([impl] {
    for (const auto& driver : impl->context.sources()) driver->wake();
  });
  impl->subscriptions.push_back(parts.authority.on_change([impl] { impl->on_role(); }));
  impl->subscriptions.push_back(parts.members.on_change([impl] { impl->on_members(); }));
  impl->server->start();
  impl->client.follow_members();
  impl->context.tasks.spawn(parts.io.next(), Impl::supervise(impl));
}

void Replication::stop() {
  if (!impl_ || impl_->context.stopping.exchange(true)) return;
  impl_->published.reset();
  impl_->subscriptions.clear();
  impl_->server->stop();
  // The listener's tasks use the context's; they end first.
  impl_->server.reset();
  impl_->context.tasks.cancel();
  impl_->context.tasks.wait();
  if (const auto kept = impl_->keep_watermark(); !kept)
    log::error("the watermark could not be kept", kept.error());
  if (const auto saved = impl_->context.slots->save(); !saved)
    log::error("the slots could not be kept", saved.error());
}

void Replication::Impl::on_role() {
  const auto now = context.parts.state.role();
  const auto before = role.exchange(now);
  if (before == now) return;
  const std::string reason = "this region's role changed to " + std::string(to_string(now));
  for (const auto& driver : context.sources()) driver->end(reason);
  client.restart_sessions(reason);
}

void Replication::Impl::on_members() {
  for (const auto& driver : context.sources()) {
    if (!driver->is_member_still()) driver->end("this member was removed, or its key changed");
  }
  client.cut_removed();
}

void Replication::Impl::watch_primary() {
  auto& parts = context.parts;
  if (parts.state.role() == region::Role::primary) return;
  const SteadyTime heard{std::chrono::nanoseconds(context.primary_heard_ns.load())};
  if (parts.clock.steady_now() - heard >= silence_limit) parts.state.primary_silent(heard);
}

Result<> Replication::Impl::keep_watermark() {
  TRY(const auto current, context.parts.data.current());
  if (!current) return {};
  if (!watermark || generation != current->number) {
    generation = current->number;
    watermark.emplace(context.parts.local, generation);
  }
  // The store in use is the current generation's only if no install happened in between.
  if (context.parts.core.path() != current->core_db()) return {};
  return watermark->advance(context.parts.core.durable());
}

Result<> Replication::Impl::clean() {
  auto& parts = context.parts;
  context.shelf.drop_idle();
  std::vector<RegionName> members;
  for (const auto& member : parts.members.others()) members.push_back(member.name);
  TRY_VOID(context.slots->forget_others(members));
  TRY_VOID(context.slots->save());
  storage::LogJanitor janitor(parts.core,
                              {.cap_bytes = context.options.log_cap_bytes,
                               // For a primary that comes back with less than it wrote.
                               .keep_bytes = context.options.log_cap_bytes / 16},
                              [slots = context.slots.get()](const std::string& member) {
                                return slots->mark_lost(RegionName(member));
                              });
  TRY(const auto report, janitor.sweep(context.slots->slots()));
  context.slots->mark_at_risk(report.at_risk);
  for (const auto& member : report.lost) {
    log::error("a member's slot is lost: the log that it needs was given up at the cap; it needs a snapshot",
               {{"member", member}, {"log_bytes", report.log_bytes}});
    parts.peers.slot(RegionName(member), region::SlotState::lost);
  }
  return {};
}

async::Task<> Replication::Impl::supervise(Impl* impl) {
  auto& context = impl->context;
  auto next_clean = context.parts.clock.steady_now() + janitor_every;
  while (!context.stopping) {
    co_await async::sleep_for(supervise_every);
    impl->watch_primary();
    impl->client.follow_members();
    const bool clean_now = context.parts.clock.steady_now() >= next_clean;
    if (clean_now) next_clean = context.parts.clock.steady_now() + janitor_every;
    const auto kept = co_await async::offload(context.parts.disk, [impl, clean_now]() -> Result<> {
      TRY_VOID(impl->keep_watermark());
      return clean_now ? impl->clean() : Result<>{};
    });
    if (!kept) log::error("replication's housekeeping failed", kept.error());
  }
}

async::Task<Result<VerifyReport>> Replication::verify(RegionName member, std::chrono::seconds limit,
                                                      std::string request_id) {
  auto& context = impl_->context;
  const auto deadline = async::after(limit);
  if (!context.parts.state.may_write()) co_return fail(context.parts.state.refusal());
  const auto is_it = [&](const std::shared_ptr<SourceDriver>& driver) {
    return driver->peer() == member && driver->is_streaming();
  };
  // A member that is just dialling again is given the time to.
  while (std::chrono::steady_clock::now() < deadline) {
    const auto drivers = context.sources();
    const auto driver = std::ranges::find_if(drivers, is_it);
    if (driver == drivers.end()) {
      co_await async::sleep_for(look_again);
      continue;
    }
    const auto job = std::make_shared<VerifyJob>();
    job->mark = context.next_mark++;
    job->member = member;
    job->request_id = request_id;
    (*driver)->verify(job);
    CO_TRY(auto report, co_await job->answer.wait(deadline));
    co_return report;
  }
  co_return fail(ErrorKind::unavailable, "member_away", "this member is not following the log now");
}

}  // namespace holdfast::replication
