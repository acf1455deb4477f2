#pragma once

#include <memory>
#include <string>

#include "app_parts.h"
#include "domain_fixture.h"
#include "holdfast/objects/object_service.h"
#include "holdfast/storage/audit_event.h"

namespace holdfast::test {

/// A primary with one app, `photos`, and its bucket, `photos-bucket`.
class ObjectsTest : public DomainTest {
 protected:
  void SetUp() override {
    TestRegion::must(create_app(app_));
    TestRegion::must(region_.run(buckets_.create(bucket_, app_, actor_)));
  }

  Result<identity::Written<apps::App>> create_app(AppId id) {
    return region_.run(apps_.create(
        {.id = std::move(id), .pool = PoolId("us-east-1_Abc"), .clients = {ClientId("web")}}, actor_));
  }
  void set_state(apps::AppState state) {
    TestRegion::must(region_.run(apps_.set_state(app_, state, actor_)));
  }

  objects::PutRequest put_request(std::string key) {
    return {.bucket = bucket_, .key = std::move(key), .content_type = "image/jpeg", .caller = ada_};
  }
  /// Uploads in two parts.
  Result<objects::Object> put(objects::PutRequest request, Bytes bytes,
                              objects::ExpectedContent expected = {}) {
    return region_.run(put_in_parts(&objects_, std::move(request), std::move(bytes), std::move(expected)));
  }
  Result<objects::Object> put(std::string key, Bytes bytes) {
    return put(put_request(std::move(key)), std::move(bytes));
  }

  Result<Bytes> read(std::string key, std::optional<objects::ByteRange> range = {}) {
    return region_.run(read_all(&objects_, bucket_, std::move(key), range));
  }
  Result<std::optional<region::CommitReceipt>> remove(std::string key, objects::Caller caller,
                                                      objects::Conditions conditions = {}) {
    return region_.run(
        objects_.remove(bucket_, std::move(key), std::move(conditions), std::move(caller), "req-9"));
  }
  std::size_t blobs_on_disk() {
    std::size_t count = 0;
    TestRegion::must(blobs_.list([&](const BlobId&, std::uint64_t) { return ++count, true; }));
    return count;
  }
  std::size_t audited(std::string_view kind) {
    std::size_t count = 0;
    TestRegion::must(storage::scan_audit(
        region_.core().reader(), WallTime{}, WallTime::max(), {}, 1'000,
        [&](BytesView, const storage::AuditEvent& event) { count += event.kind == kind ? 1 : 0; }));
    return count;
  }

  static async::Task<Result<objects::Object>> put_in_parts(objects::ObjectService* service,
                                                           objects::PutRequest request, Bytes bytes,
                                                           objects::ExpectedContent expected) {
    CO_TRY(auto upload, co_await service->begin_put(std::move(request), expected.size));
    const auto half = bytes.size() / 2;
    CO_TRY_VOID(co_await upload.add(bytes.substr(0, half)));
    CO_TRY_VOID(co_await upload.add(bytes.substr(half)));
    CO_TRY(auto written, co_await upload.finish(std::move(expected)));
    co_return std::move(written.value);
  }
  static async::Task<Result<Bytes>> read_all(objects::ObjectService* service, std::string bucket,
                                             std::string key, std::optional<objects::ByteRange> range) {
    CO_TRY(auto found, co_await service->get(std::move(bucket), std::move(key)));
    CO_TRY(auto content, co_await service->open(std::move(found), range));
    Bytes whole;
    while (true) {
      CO_TRY(const auto piece, co_await content.read());
      if (piece.empty()) co_return whole;
      whole += piece;
    }
  }

  const AppId app_{"photos"};
  const std::string bucket_ = "photos-bucket";
  const identity::Actor actor_{.kind = "operator", .id = "op-1", .request_id = "req-1"};
  const objects::Caller ada_{.subject = "sub-ada", .name = "ada"};
  const objects::Caller bob_{.subject = "sub-bob", .name = "bob"};
  const objects::Caller admin_{.subject = "sub-eve", .name = "eve", .administrator = true};

  std::unique_ptr<region::FactExchange> facts_ = open_facts(region_);
  apps::AppService apps_{app_parts(region_, *facts_)};
  objects::BucketService buckets_{region_.core(), region_.writer(), apps_, region_.clock()};
  storage::BlobStore blobs_ = TestRegion::must(storage::BlobStore::open(
      region_.store().directory() / "blobs", region_.core().keys()->cluster(),
      [this](std::uint32_t id) -> Result<Secret> {
        TRY(const auto key, region_.core().keys()->key(id));
        return key->copy();
      },
      0));
  region::BlobDemand demand_{region_.clock()};
  objects::ObjectService objects_{{.db = region_.core(),
                                   .writer = region_.writer(),
                                   .apps = apps_,
                                   .buckets = buckets_,
                                   .blobs = blobs_,
                                   .disk = region_.disk(),
                                   .clock = region_.clock(),
                                   .demand = demand_}};
};

}  // namespace holdfast::test
