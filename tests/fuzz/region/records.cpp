// The node table, the cluster record, facts and overrides: what joins, beats and the log carry from other
// regions.
#include "fuzz.h"
#include "holdfast/region/cluster_record.h"
#include "holdfast/region/fact.h"
#include "holdfast/region/member.h"

namespace {

using namespace holdfast;
using namespace holdfast::region;
using fuzz::require;

template <class Record>
void check(BytesView input) {
  fuzz::require_stable(input, Record::decode, [](const Record& record) { return record.encode(); });
}

}  // namespace

std::vector<Bytes> fuzz::seeds() {
  const auto time = from_micros(1'795'253'400'000'000);
  const Member member{.name = RegionName("eu-west-1"),
                      .node_id = "6f1d3e9a-0000-4000-8000-000000000001",
                      .node_spki = "spki",
                      .wrapping_spki = "wrapping",
                      .replication_address = "10.0.0.2:8446",
                      .public_url = "https://eu.example.com",
                      .objects_url = "https://objects.eu.example.com",
                      .joined = time};
  const ClusterRecord cluster{.id = ClusterId("00112233445566778899aabbccddeeff"),
                              .issuer_base = "https://auth.example.com",
                              .created = time,
                              .operator_key_spki = "spki"};
  const Fact fact{.name = "session_revoked",
                  .id = Bytes(Fact::id_bytes, 'i'),
                  .payload = "p",
                  .origin = RegionName("eu-west-1"),
                  .at = time};
  const Override setting{.kind = "app_state", .key = "photos", .value = "v", .from = RegionName("eu-west-1")};
  return {member.encode(), cluster.encode(), fact.encode(), setting.encode()};
}

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const auto input = fuzz::input_of(data, size);
  check<Member>(input);
  check<ClusterRecord>(input);
  check<Fact>(input);
  check<Override>(input);
  // A name that came from elsewhere ends up in file names, metrics and logs.
  if (const auto name = parse_region_name(input)) {
    require(input.size() <= 32 &&
            input.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") == input.npos);
  }
  if (const auto member = Member::decode(input)) require(parse_region_name(member->name.str()).has_value());
  return 0;
}
