#include <gtest/gtest.h>

#include <map>

#include "golden_messages.h"
#include "holdfast/base/encoding.h"
#include "holdfast/crypto/hash.h"
#include "samples.h"

namespace holdfast::replication {
namespace {

using test::sample_messages;

Result<Message> decode_whole(BytesView frame) {
  TRY(const auto header, decode_frame_header(frame.substr(0, frame_header_bytes)));
  if (frame.size() != frame_header_bytes + header.payload_bytes)
    return fail(ErrorKind::corrupt, "corrupt", "length");
  return decode_message(header.type, frame.substr(frame_header_bytes));
}

TEST(Messages, the_bytes_on_the_wire_are_final) {
  for (const auto& [name, message] : sample_messages()) {
    const auto found = test::golden_messages.find(name);
    const auto hex = to_hex(encode_message(message));
    if (found == test::golden_messages.end()) {
      ADD_FAILURE() << "{\"" << name << "\", \"" << hex << "\"},";
    } else {
      EXPECT_EQ(hex, found->second) << name;
    }
  }
}

TEST(Messages, what_was_encoded_decodes_to_the_same_bytes) {
  for (const auto& [name, message] : sample_messages()) {
    const auto frame = encode_message(message);
    const auto decoded = decode_whole(frame);
    ASSERT_TRUE(decoded) << name << ": " << decoded.error().describe();
    EXPECT_EQ(type_of(*decoded), type_of(message)) << name;
    EXPECT_EQ(encode_message(*decoded), frame) << name;
  }
}

TEST(Messages, a_frame_cut_anywhere_is_refused_or_shorter) {
  for (const auto& [name, message] : sample_messages()) {
    const auto frame = encode_message(message);
    for (std::size_t size = 0; size < frame.size(); ++size) {
      EXPECT_FALSE(decode_whole(BytesView(frame).substr(0, size))) << name << " cut at " << size;
    }
  }
}

TEST(Messages, unknown_types_and_lengths_beyond_a_types_bound_are_refused_by_the_header) {
  for (int type = 0; type < 256; ++type) {
    const auto bound = max_payload(static_cast<MessageType>(type));
    ByteWriter fits;
    fits.u32(static_cast<std::uint32_t>(bound.value_or(0) + 1)).u8(static_cast<std::uint8_t>(type));
    EXPECT_EQ(decode_frame_header(fits.view()).has_value(), bound.has_value()) << type;
    ByteWriter beyond;
    beyond.u32(static_cast<std::uint32_t>(bound.value_or(0) + 2)).u8(static_cast<std::uint8_t>(type));
    EXPECT_FALSE(decode_frame_header(beyond.view())) << type;
  }
  EXPECT_FALSE(decode_frame_header(ByteWriter().u32(0).u8(1).view())) << "not even a type";
}

TEST(Messages, a_newer_peers_extra_fields_are_skipped) {
  auto payload = test::sample_hello().encode();
  payload += FieldWriter().text(90, "from the future").take();
  const auto hello = Hello::decode(payload);
  ASSERT_TRUE(hello);
  EXPECT_EQ(hello->encode(), test::sample_hello().encode());
}

TEST(Messages, a_newcomers_admin_token_travels_as_its_hash_and_is_left_out_for_none) {
  Join join{.secret = Bytes(32, 's'), .mac = Bytes(32, 'm'), .node = test::sample_member()};
  const auto without = join.encode();
  join.admin_token_hash = Bytes(32, 'h');
  EXPECT_GT(join.encode().size(), without.size() + 32);
  EXPECT_EQ(Join::decode(join.encode())->admin_token_hash, join.admin_token_hash);
  EXPECT_TRUE(Join::decode(without)->admin_token_hash.empty());
  Joined joined{.accepted = true};
  joined.cluster = {.id = test::sample_cluster, .issuer_base = "https://a", .created = test::sample_time};
  EXPECT_FALSE(Joined::decode(joined.encode())->admin_token_kept);
  joined.admin_token_kept = true;
  EXPECT_TRUE(Joined::decode(joined.encode())->admin_token_kept);
}

TEST(Messages, blob_ids_that_could_become_paths_are_refused) {
  for (const std::string bad : {"../../etc/passwd", "", "ABCDEF00112233445566778899aabbcc", "0011"}) {
    EXPECT_FALSE(BlobWant::decode(BlobWant{{BlobId(bad)}}.encode())) << bad;
    EXPECT_FALSE(BlobFetch::decode(BlobFetch{.id = BlobId(bad)}.encode())) << bad;
  }
}

TEST(CommitFrame, every_flipped_byte_is_found) {
  const auto frame = *encode_commit(test::sample_batch());
  ASSERT_TRUE(decode_commit(frame));
  for (std::size_t i = 0; i < frame.size(); ++i) {
    auto damaged = frame;
    damaged[i] = static_cast<char>(damaged[i] ^ 0x10);
    EXPECT_FALSE(decode_commit(damaged)) << "byte " << i;
  }
}

// Where things stand in a frame: version, term, index, sequence and count, then the raw length.
constexpr std::size_t raw_length_at = 1 + 4 + 4 + 8 + 8 + 4;
constexpr std::size_t compression_at = raw_length_at + 4;

/// A frame whose header says what the test wants and whose checksum is right: who sends bombs can count.
Bytes forged_commit(std::uint32_t raw_length, char compression, BytesView body) {
  auto frame = encode_commit(test::sample_batch())->substr(0, commit_header_bytes);
  frame.replace(raw_length_at, 4, ByteWriter().u32(raw_length).view());
  frame[compression_at] = compression;
  const auto crc = crypto::crc32c(body, crypto::crc32c(BytesView(frame).substr(0, compression_at + 1)));
  frame.replace(compression_at + 1, 4, ByteWriter().u32(crc).view());
  return frame + Bytes(body);
}

std::string refusal_of(const Bytes& frame) {
  const auto batch = decode_commit(frame);
  return batch ? "taken" : batch.error().detail;
}

TEST(CommitFrame, a_bomb_with_a_right_checksum_is_refused_by_its_length) {
  const auto body = test::sample_batch().rep;
  const auto size = static_cast<std::uint32_t>(body.size());
  ASSERT_EQ(refusal_of(forged_commit(size, 0, body)), "taken") << "the forger forges well";
  for (const std::uint32_t announced :
       {0U, 1U, size - 1, size + 1, static_cast<std::uint32_t>(max_commit_body_bytes), 0x7fffffffU,
        0xffffffffU})
    EXPECT_EQ(refusal_of(forged_commit(announced, 0, body)), "length") << announced;
}

TEST(CommitFrame, a_body_that_is_announced_rightly_is_still_refused_beyond_the_bound) {
  const auto padded = [](std::size_t size) {
    auto body = test::sample_batch().rep;
    body.resize(size);
    return forged_commit(static_cast<std::uint32_t>(size), 0, body);
  };
  EXPECT_EQ(refusal_of(padded(max_commit_body_bytes + 1)), "length");
  EXPECT_NE(refusal_of(padded(max_commit_body_bytes)), "length") << "the bound itself is allowed";
}

TEST(CommitFrame, compression_that_nobody_agreed_to_is_refused) {
  const auto body = test::sample_batch().rep;
  for (int compression = 1; compression < 256; ++compression) {
    EXPECT_EQ(refusal_of(forged_commit(static_cast<std::uint32_t>(body.size()),
                                       static_cast<char>(compression), body)),
              "unknown compression");
  }
}

}  // namespace
}  // namespace holdfast::replication
