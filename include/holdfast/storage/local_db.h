#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "holdfast/base/bytes.h"
#include "holdfast/base/ids.h"
#include "holdfast/base/result.h"
#include "holdfast/base/secret.h"
#include "holdfast/storage/position.h"

namespace holdfast::crypto {
class KeyWrapper;
}  // namespace holdfast::crypto

namespace holdfast::storage {

struct RocksTuning;

/// A kind of row of local.db. Ids are this region's own numbering (docs/formats/local-db.md).
struct LocalTable {
  std::uint16_t id;
  std::string_view name;
};

namespace local_tables {
constexpr LocalTable node{0x0001, "node"};              ///< NodeIdentity, one row
constexpr LocalTable standing{0x0002, "standing"};      ///< Standing, one row
constexpr LocalTable watermark{0x0003, "watermark"};    ///< key: text generation
constexpr LocalTable root_pin{0x0004, "root_pin"};      ///< key: u32 root id
constexpr LocalTable slots{0x0010, "slots"};            ///< replication's
constexpr LocalTable overrides{0x0011, "overrides"};    ///< app state overrides
constexpr LocalTable used_codes{0x0012, "used_codes"};  ///< oidc's
constexpr LocalTable counters{0x0013, "counters"};      ///< failed attempts and the like
constexpr LocalTable outbox{0x0014, "outbox"};          ///< facts on their way to the primary
}  // namespace local_tables

/// Who this region is. Written once, by init or join.
struct NodeIdentity {
  ClusterId cluster;
  std::string node_id;
  RegionName region;
  Secret node_key;  ///< crypto::NodeKey::private_bytes

  [[nodiscard]] Bytes encode() const;
  static Result<NodeIdentity> decode(BytesView plain);
};

/// What this region knows about its right to write. Region's rules decide; here it is only kept, always
/// synced.
struct Standing {
  std::string role;                ///< primary, secondary, fenced
  bool fenced = false;             ///< FENCED persisted
  std::uint32_t highest_seen = 0;  ///< highest reign seen
  std::uint32_t promised = 0;      ///< highest reign promised to a candidate

  [[nodiscard]] Bytes encode() const;
  static Result<Standing> decode(BytesView plain);
  bool operator==(const Standing&) const = default;
};

/// The last position known to be synced, per generation of the store: what recovery must reach.
struct Watermark {
  Term term;
  std::uint64_t index = 0;
  bool operator==(const Watermark&) const = default;
};

/// local.db: this region's own facts, never replicated, every write synced before it returns; identity,
/// standing and root pins besides outlive a damaged log. Values are sealed with a key that is itself wrapped
/// to the region key, so a wrong region key is found at open. Thread-safe. Blocks on the disk: not for I/O
/// threads.
class LocalDb {
 public:
  struct Options {
    std::filesystem::path path;
    bool create = false;  ///< false: absent is `not_found`; true: an existing one is `conflict`
  };
  /// `corrupt`/`wrong_region_key` when the region key does not open it; `unavailable` when it is in use.
  static Result<std::unique_ptr<LocalDb>> open(const Options& options, const crypto::KeyWrapper& region_key);
  static Result<std::unique_ptr<LocalDb>> open_tuned(const Options& options,
                                                     const crypto::KeyWrapper& region_key,
                                                     const RocksTuning& tuning);
  LocalDb(const LocalDb&) = delete;
  LocalDb& operator=(const LocalDb&) = delete;
  ~LocalDb();

  /// Rows that become durable together.
  class Batch {
   public:
    Batch& put(const LocalTable& table, BytesView key, BytesView plain);
    Batch& erase(const LocalTable& table, BytesView key);

   private:
    friend class LocalDb;
    struct Row {
      std::uint16_t table;
      Bytes key;
      std::optional<Secret> plain;  ///< absent: erased
    };
    std::vector<Row> rows_;
  };
  /// Synced. After a failed sync every further write is `unavailable`.
  Result<> write(Batch batch);
  Result<> put(const LocalTable& table, BytesView key, BytesView plain);
  Result<> erase(const LocalTable& table, BytesView key);
  [[nodiscard]] Result<std::optional<Bytes>> find(const LocalTable& table, BytesView key) const;
  /// In key order, behind `after` (empty: from the first), at most `limit`; `visitor` returns false to end.
  Result<> scan(const LocalTable& table, BytesView key_prefix, BytesView after, std::size_t limit,
                const std::function<bool(BytesView key, BytesView plain)>& visitor) const;

  [[nodiscard]] Result<std::optional<NodeIdentity>> node() const;
  Result<> set_node(const NodeIdentity& node);
  /// The default Standing when none was set.
  [[nodiscard]] Result<Standing> standing() const;
  Result<> set_standing(const Standing& standing);
  [[nodiscard]] Result<std::optional<Watermark>> watermark(std::string_view generation) const;
  Result<> set_watermark(std::string_view generation, const Watermark& watermark);
  [[nodiscard]] Result<std::optional<Bytes>> root_pin(std::uint32_t root_id) const;
  Result<> set_root_pin(std::uint32_t root_id, BytesView pin);

 private:
  struct State;
  /// For the few rows that must never be lost without a word. RocksDB takes damage in the middle of its log
  /// for the log's end (docs/fault-tests.md, must 15), and no watermark watches this one's; damage in a table
  /// is an error. So the row is moved there at once.
  Result<> put_in_table(const LocalTable& table, BytesView key, BytesView plain);
  explicit LocalDb(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace holdfast::storage
