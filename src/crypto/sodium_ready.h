#pragma once

namespace holdfast::crypto {

/// Initialises libsodium once, on whichever thread comes first; every function of this room that uses it
/// calls this.
void ensure_sodium();

}  // namespace holdfast::crypto
