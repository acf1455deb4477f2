#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "holdfast/base/clock.h"
#include "holdfast/crypto/random.h"

namespace holdfast::identity {

/// A session's name: a UUID of version 7 (RFC 9562 §5.7), whose first 48 bits are the milliseconds at which
/// it began. A token's `auth_time` has whole seconds only, too coarse to tell a sign-in right after a
/// sign-out from one before.
std::string new_origin_jti(WallTime now, crypto::Entropy& entropy);
/// When a session began; the epoch for a text that is none of ours, which every sign-out ends.
WallTime begin_of(std::string_view origin_jti);

}  // namespace holdfast::identity
