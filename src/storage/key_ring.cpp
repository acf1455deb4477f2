#include "holdfast/storage/key_ring.h"

#include <algorithm>
#include <mutex>
#include <ranges>

#include "holdfast/base/codec.h"
#include "holdfast/base/record_numbers.h"
#include "holdfast/base/text.h"
#include "holdfast/crypto/aead.h"
#include "holdfast/crypto/hash.h"
#include "holdfast/crypto/random.h"
#include "holdfast/storage/reader.h"
#include "holdfast/storage/transaction.h"

namespace holdfast::storage {
namespace {

constexpr std::uint16_t data_key_version = 1;

// Field numbers of docs/formats/records.md; never reused.
enum KeyField : std::uint8_t {
  key_scope = 1,
  key_bytes = 2,
  key_created = 3,
  key_state = 4,
  key_purpose = 5
};
enum KeyPurpose : std::uint8_t { purpose_seal = 1, purpose_mac = 2 };

Bytes data_key_key(KeyId id) { return KeyWriter().u32(id).take(); }

std::unexpected<Error> key_missing(ErrorKind kind, std::string detail) {
  return fail(kind, "key_missing", "a needed key is not in the key ring", std::move(detail));
}

}  // namespace

RootKey RootKey::generate(std::uint32_t number) {
  return {.id = root_key_bit | number, .bytes = crypto::random_secret(crypto::aead_key_size)};
}

Bytes RootKey::pin() const {
  crypto::Sha256 digest;
  digest.update(ByteWriter().bytes("holdfast-root-pin-v1").u32(id).view());
  digest.update(bytes.expose());
  return digest.finish();
}

KeyRing::KeyRing(ClusterId cluster, RootKey root)
    : cluster_(std::move(cluster)),
      root_(std::move(root)),
      root_secret_(std::make_shared<const Secret>(root_.bytes.copy())) {}

Result<KeyId> KeyRing::key_for(const Scope& scope) const {
  const std::shared_lock lock(mutex_);
  for (const auto& [id, entry] : std::views::reverse(entries_)) {
    if (entry.scope == scope && entry.state == KeyState::active) return id;
  }
  return key_missing(ErrorKind::not_found, "no key for scope " + scope.str());
}

Result<std::shared_ptr<const Secret>> KeyRing::key(KeyId id) const {
  if (id == root_.id) return root_secret_;
  const std::shared_lock lock(mutex_);
  const auto found = entries_.find(id);
  if (found == entries_.end()) return key_missing(ErrorKind::corrupt, "key " + std::to_string(id));
  return found->second.key;
}

KeyId KeyRing::create_key(Transaction& transaction, const Scope& scope, WallTime now) {
  KeyId id = 0;
  {
    const std::scoped_lock lock(mutex_);
    id = next_++;
  }
  auto secret = std::make_shared<const Secret>(crypto::random_secret(crypto::aead_key_size));
  Bytes plain = FieldWriter()
                    .text(key_scope, scope.str())
                    .text(key_bytes, secret->expose())
                    .signed_number(key_created, to_micros(now))
                    .number(key_state, static_cast<std::uint64_t>(KeyState::active))
                    .number(key_purpose, scope == Scope::blinding() ? purpose_mac : purpose_seal)
                    .take();
  // Two regions never write at once, so only a defect could draw a number twice; it must not cost a key then.
  transaction.require_absent(
      data_keys_table, data_key_key(id),
      {.kind = ErrorKind::conflict, .code = "key_id_taken", .message = "try again", .detail = {}});
  transaction.put(data_keys_table, data_key_key(id), root_.id, data_key_version, plain);
  transaction.add_pending_key(id, scope, std::move(secret));
  wipe(plain);
  return id;
}

Result<KeyRing::Entry> KeyRing::decode(BytesView plain) {
  TRY(const auto fields, FieldReader::parse(plain));
  Secret bytes(fields.text(key_bytes));
  if (bytes.expose().size() != crypto::aead_key_size) return damaged("key ring row: key");
  TRY(const auto state, enumerator_of(fields, "key ring row", key_state, KeyState::retired, KeyState{}));
  return Entry{.scope = Scope::named(fields.text(key_scope)),
               .state = state,
               .key = std::make_shared<const Secret>(std::move(bytes))};
}

Result<std::map<KeyId, KeyRing::Entry>> KeyRing::open_all(const Reader& reader) {
  std::map<KeyId, Entry> entries;
  Result<> damage;
  TRY_VOID(reader.scan(data_keys_table, {}, {}, SIZE_MAX, [&](BytesView key, Stored stored) {
    auto entry = decode(stored.plain);
    wipe(stored.plain);
    if (!entry) {
      damage = fail(std::move(entry).error());
      return false;
    }
    entries.insert_or_assign(KeyReader(key).u32(), *std::move(entry));
    return true;
  }));
  TRY_VOID(damage);
  return entries;
}

Result<> KeyRing::check(const Reader& reader) const {
  TRY_VOID(open_all(reader));
  return {};
}

Result<> KeyRing::load(const Reader& reader) {
  TRY(auto entries, open_all(reader));
  const std::scoped_lock lock(mutex_);
  entries_ = std::move(entries);
  next_ = entries_.empty() ? 1 : entries_.rbegin()->first + 1;
  return {};
}

Result<> KeyRing::refresh(const Reader& reader, KeyId id) {
  TRY(auto stored, reader.find(data_keys_table, data_key_key(id)));
  if (!stored) {
    const std::scoped_lock lock(mutex_);
    entries_.erase(id);
    return {};
  }
  TRY(auto entry, decode(stored->plain));
  wipe(stored->plain);
  const std::scoped_lock lock(mutex_);
  entries_.insert_or_assign(id, std::move(entry));
  next_ = std::max(next_, id + 1);
  return {};
}

Result<Bytes> Blinder::blind(std::string_view what, std::string_view text,
                             Normalisation normalisation) const {
  TRY(const auto id, ring_->key_for(Scope::blinding()));
  return blind_with(id, what, text, normalisation);
}

Result<Bytes> Blinder::blind_with(KeyId id, std::string_view what, std::string_view text,
                                  Normalisation normalisation) const {
  TRY(const auto key, ring_->key(id));
  Bytes message(what);
  message.push_back('\0');
  if (normalisation == Normalisation::folded) {
    TRY(const auto folded, to_folded(text));
    message += folded;
  } else {
    message += text;
  }
  return ByteWriter()
      .u32(id)
      .u8(static_cast<std::uint8_t>(normalisation))
      .raw(crypto::hmac_sha256(key->expose(), message))
      .take();
}

}  // namespace holdfast::storage
