#pragma once

#include <array>
#include <string_view>

/// ECDSA P-256 SHA-256 signatures in the r ‖ s form of JWS: the cases of Project Wycheproof's
/// ecdsa_secp256r1_sha256_p1363_test.json (C2SP), first key, that are named here by their tcId.
namespace holdfast::crypto::p1363_vectors {

inline constexpr std::string_view public_key_der_hex =
    "3059301306072a8648ce3d020106082a8648ce3d030107034200042927b10512bae3eddcfe467828128bad2903269919"
    "f7086069c8c4df6c732838c7787964eaac00e5921fb1498a60f4606766b3d9685001558d1a974e7341513e";

struct Vector {
  int tc_id;
  std::string_view message_hex;
  std::string_view signature_hex;
  bool valid;
};

inline constexpr auto vectors = std::to_array<Vector>({
    // signature malleability
    {1, "313233343030",
     "2ba3a8be6b94d5ec80a6d9d1190a436effe50d85a1eee859b8cc6af9bd5c2e184cd60b855d442f5b3c7b11eb6c4e0ae7"
     "525fe710fab9aa7c77a67f79e6fadd76",
     true},
    // replaced r by r + n
    {2, "313233343030",
     "012ba3a8bd6b94d5ed80a6d9d1190a436ebccc0833490686deac8635bcb9bf536900b329f479a2bbd0a5c384ee1493b1"
     "f5186a87139cac5df4087c134b49156847db",
     false},
    // replaced r by n - r
    {4, "313233343030",
     "d45c5740946b2a147f59262ee6f5bc90bd01ed280528b62b3aed5fc93f06f739b329f479a2bbd0a5c384ee1493b1f518"
     "6a87139cac5df4087c134b49156847db",
     false},
    // replaced r by r + 2**256
    {5, "313233343030",
     "012ba3a8be6b94d5ec80a6d9d1190a436effe50d85a1eee859b8cc6af9bd5c2e1800b329f479a2bbd0a5c384ee1493b1"
     "f5186a87139cac5df4087c134b49156847db",
     false},
    // replaced s by s + n
    {7, "313233343030",
     "01b329f478a2bbd0a6c384ee1493b1f518276e0e4a5375928d6fcd160c11cb6d2c00b329f479a2bbd0a5c384ee1493b1"
     "f5186a87139cac5df4087c134b49156847db",
     false},
    // replaced s by s + 256 * n
    {8, "313233343030",
     "0100b329f379a2bbd1a5c384ee1493b1f4d55181c143c3fc78fc35de0e45788d98db0000b329f479a2bbd0a5c384ee14"
     "93b1f5186a87139cac5df4087c134b49156847db",
     false},
    // Signature with special case values r=0 and s=0
    {11, "313233343030",
     "000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
     "00000000000000000000000000000000",
     false},
    // Signature with special case values r=0 and s=1
    {12, "313233343030",
     "000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
     "00000000000000000000000000000001",
     false},
    // Signature with special case values r=0 and s=n
    {13, "313233343030",
     "0000000000000000000000000000000000000000000000000000000000000000ffffffff00000000ffffffffffffffff"
     "bce6faada7179e84f3b9cac2fc632551",
     false},
    // Signature with special case values r=1 and s=0
    {18, "313233343030",
     "000000000000000000000000000000000000000000000000000000000000000100000000000000000000000000000000"
     "00000000000000000000000000000000",
     false},
    // Signature with special case values r=1 and s=1
    {19, "313233343030",
     "000000000000000000000000000000000000000000000000000000000000000100000000000000000000000000000000"
     "00000000000000000000000000000001",
     false},
    // Signature with special case values r=1 and s=n
    {20, "313233343030",
     "0000000000000000000000000000000000000000000000000000000000000001ffffffff00000000ffffffffffffffff"
     "bce6faada7179e84f3b9cac2fc632551",
     false},
    // Signature with special case values r=1 and s=n - 1
    {21, "313233343030",
     "0000000000000000000000000000000000000000000000000000000000000001ffffffff00000000ffffffffffffffff"
     "bce6faada7179e84f3b9cac2fc632550",
     false},
    // Signature with special case values r=1 and s=n + 1
    {22, "313233343030",
     "0000000000000000000000000000000000000000000000000000000000000001ffffffff00000000ffffffffffffffff"
     "bce6faada7179e84f3b9cac2fc632552",
     false},
    // Signature with special case values r=n and s=0
    {25, "313233343030",
     "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc63255100000000000000000000000000000000"
     "00000000000000000000000000000000",
     false},
    // Signature with special case values r=n and s=n - 1
    {28, "313233343030",
     "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551ffffffff00000000ffffffffffffffff"
     "bce6faada7179e84f3b9cac2fc632550",
     false},
    // Signature with special case values r=n - 1 and s=0
    {32, "313233343030",
     "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc63255000000000000000000000000000000000"
     "00000000000000000000000000000000",
     false},
    // Signature with special case values r=n - 1 and s=n - 1
    {35, "313233343030",
     "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632550ffffffff00000000ffffffffffffffff"
     "bce6faada7179e84f3b9cac2fc632550",
     false},
    // Signature with special case values r=n - 1 and s=n + 1
    {36, "313233343030",
     "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632550ffffffff00000000ffffffffffffffff"
     "bce6faada7179e84f3b9cac2fc632552",
     false},
    // Signature with special case values r=n + 1 and s=1
    {40, "313233343030",
     "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc63255200000000000000000000000000000000"
     "00000000000000000000000000000001",
     false},
    // special case hash
    {61, "343236343739373234",
     "16aea964a2f6506d6f78c81c91fc7e8bded7d397738448de1e19a0ec580bf266252cd762130c6667cfe8b7bc47d27d78"
     "391e8e80c578d1cd38c3ff033be928e9",
     true},
    // special case hash
    {62, "37313338363834383931",
     "9cc98be2347d469bf476dfc26b9b733df2d26d6ef524af917c665baccb23c882093496459effe2d8d70727b82462f61d"
     "0ec1b7847929d10ea631dacb16b56c32",
     true},
    // special case hash
    {63, "3130333539333331363638",
     "73b3c90ecd390028058164524dde892703dce3dea0d53fa8093999f07ab8aa432f67b0b8e20636695bb7d8bf0a651c80"
     "2ed25a395387b5f4188c0c4075c88634",
     true},
    // special case hash
    {64, "33393439343031323135",
     "bfab3098252847b328fadf2f89b95c851a7f0eb390763378f37e90119d5ba3ddbdd64e234e832b1067c2d058ccb44d97"
     "8195ccebb65c2aaf1e2da9b8b4987e3b",
     true},
});

}  // namespace holdfast::crypto::p1363_vectors
