#include "metrics_token.h"

#include "holdfast/base/codec.h"
#include "holdfast/base/files.h"

namespace holdfast::app {
namespace {

constexpr storage::LocalTable metrics_token_table{0x0021, "metrics_token"};
constexpr BytesView metrics_token_key;
constexpr std::chrono::days metrics_token_lifetime{366};

enum MetricsTokenField : std::uint8_t {
  token_hash_field = 1,
  token_created_field = 2,
  token_expires_field = 3
};

}  // namespace

Result<> make_metrics_token(storage::LocalDb& local, const std::filesystem::path& file, WallTime now) {
  const auto token = api::new_metrics_token();
  const auto row = FieldWriter()
                       .text(token_hash_field, api::metrics_token_hash(token.expose()))
                       .signed_number(token_created_field, to_micros(now))
                       .signed_number(token_expires_field, to_micros(now + metrics_token_lifetime))
                       .take();
  TRY_VOID(local.put(metrics_token_table, metrics_token_key, row));
  return write_private_file(file, std::string(token.expose()) + "\n");
}

Result<std::optional<api::MetricsToken>> load_metrics_token(const storage::LocalDb& local) {
  TRY(const auto stored, local.find(metrics_token_table, metrics_token_key));
  if (!stored) return std::nullopt;
  TRY(const auto fields, FieldReader::parse(*stored));
  return api::MetricsToken{.hash = fields.text(token_hash_field),
                           .created = from_micros(fields.signed_number(token_created_field)),
                           .expires = from_micros(fields.signed_number(token_expires_field))};
}

Result<> erase_metrics_token(storage::LocalDb& local) {
  return local.erase(metrics_token_table, metrics_token_key);
}

}  // namespace holdfast::app
