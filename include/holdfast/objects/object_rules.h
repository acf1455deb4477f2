#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "holdfast/base/result.h"
#include "holdfast/objects/object_model.h"

namespace holdfast::objects {

constexpr std::size_t max_object_key_bytes = 1024;
constexpr std::size_t max_metadata_bytes = 2048;
constexpr std::size_t max_content_type_bytes = 256;
/// Up to here the bytes live in the log; above, in a blob.
constexpr std::uint64_t max_inline_bytes = 64UL * 1024;
/// S3's bound for one PUT.
constexpr std::uint64_t max_object_bytes = 5ULL * 1024 * 1024 * 1024;

/// 3–63 lower-case letters, digits, dots and dashes; begins and ends with a letter or digit; no two dots in a
/// row; not shaped like an IPv4 address.
Result<> check_bucket_name(std::string_view name);

/// 1–1024 bytes of UTF-8 without C0 controls, U+007F, U+FFFE and U+FFFF: every key can be written in XML 1.0.
Result<> check_object_key(std::string_view key);

/// Names are HTTP tokens (RFC 9110 §5.6.2) in lower case; values have no control characters; all together at
/// most 2 KiB.
Result<> check_user_metadata(const UserMetadata& metadata);

/// Printable ASCII, at most 256 bytes.
Result<> check_content_type(std::string_view content_type);

/// `"<md5 hex>"`, quotes included.
std::string etag_of(const Object& object);

/// The owner or an administrator; anyone else is `forbidden`.
Result<> check_may_replace(const Object& existing, const Caller& caller);

/// True for raster images, audio and video: what a browser may show in place. Everything else, SVG and HTML
/// above all, is sent as an attachment.
bool is_shown_in_place(std::string_view content_type);

}  // namespace holdfast::objects
