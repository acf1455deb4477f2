#include "storage/fault_store.h"

#include <gtest/gtest.h>

#include "storage/log_check.h"

namespace holdfast::test {
namespace {

constexpr storage::Table fault_first{storage::Family::apps, 0x03fa, "fault_first"};
constexpr storage::Table fault_second{storage::Family::objects, 0x04fa, "fault_second"};

Bytes fault_value(int number) { return "value " + std::to_string(number) + Bytes(100, 'v'); }

}  // namespace

Result<FaultStore> FaultStore::open(const std::filesystem::path& directory,
                                    const storage::RocksTuning& tuning, storage::CommitterOptions options) {
  const auto path = directory / "core.db";
  const bool create = !std::filesystem::exists(path / "CURRENT");
  FaultStore store;
  TRY(store.core, storage::CoreDb::open_tuned({.path = path, .create = create}, tuning));
  TRY_VOID(store.core->unlock(ClusterId("00112233445566778899aabbccddeeff"),
                              {.id = storage::root_key_bit | 1U, .bytes = Secret(Bytes(32, 'R'))}));
  store.committer = std::make_unique<storage::Committer>(*store.core, system_clock(), std::move(options));
  const auto last = store.core->durable().term;
  TRY_VOID(store.committer->begin({.reign = 1, .incarnation = last.incarnation + 1}));
  if (!store.core->keys()->key_for(storage::Scope::system())) {
    auto keys = store.core->transaction();
    store.core->keys()->create_key(keys, storage::Scope::system(), system_clock().now());
    TRY_VOID(store.committer->commit_and_wait(std::move(keys)));
  }
  return store;
}

storage::Transaction FaultStore::numbered(int number) const {
  auto transaction = core->transaction();
  const auto key = storage::KeyWriter().u32(static_cast<std::uint32_t>(number)).take();
  transaction.put(fault_first, key, storage::Scope::system(), 1, fault_value(number))
      .put(fault_second, key, storage::Scope::system(), 1, fault_value(number));
  return transaction;
}

bool FaultStore::has(int number) const {
  const auto key = storage::KeyWriter().u32(static_cast<std::uint32_t>(number)).take();
  const auto first = core->reader().find(fault_first, key);
  const auto second = core->reader().find(fault_second, key);
  EXPECT_TRUE(first && second);
  if (!first || !second) return false;
  EXPECT_EQ(first->has_value(), second->has_value()) << "half of transaction " << number;
  if (*first) EXPECT_EQ((*first)->plain, fault_value(number));
  return first->has_value();
}

void FaultStore::expect_sound() const { expect_exact_chain(read_log(*core), core->durable()); }

}  // namespace holdfast::test
