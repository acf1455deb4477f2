#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

#include "holdfast/base/encoding.h"
#include "holdfast/base/secret.h"

/// The example keys and tokens of RFC 7515 appendices A.2 (RS256) and A.3 (ES256).
namespace holdfast::crypto::rfc7515 {

inline constexpr std::string_view rsa_n =
    "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-"
    "SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-"
    "UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2et"
    "hFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ";
inline constexpr std::string_view rsa_e = "AQAB";
inline constexpr std::string_view rsa_d =
    "Eq5xpGnNCivDflJsRQBXHx1hdR1k6Ulwe2JZD50LpXyWPEAeP88vLNO97IjlA7_GQ5sLKMgvfTeXZx9SE-7YwVol2NXOoAJe46sui3"
    "95IW_GO-pWJ1O0BkTGoVEn2bKVRUCgu-GjBVaYLU6f3l9kJfFNS3E0QbVdxzubSu3Mkqzjkn439X0M_V51gfpRLI9JYanrC4D4qAdG"
    "copV_0ZHHzQlBjudU2QvXt4ehNYTCBr6XCLQUShb1juUO1ZdiYoFaFQT5Tw8bGUl_x_jTj3ccPDVZFD9pIuhLhBOneufuBiB4cS98l"
    "2SR_RQyGWSeWjnczT0QU91p1DhOVRuOopznQ";
inline constexpr std::string_view rsa_p =
    "4BzEEOtIpmVdVEZNCqS7baC4crd0pqnRH_5IB3jw3bcxGn6QLvnEtfdUdiYrqBdss1l58BQ3KhooKeQTa9AB0Hw_Py5PJdTJNPY8cQ"
    "n7ouZ2KKDcmnPGBY5t7yLc1QlQ5xHdwW1VhvKn-nXqhJTBgIPgtldC-KDV5z-y2XDwGUc";
inline constexpr std::string_view rsa_q =
    "uQPEfgmVtjL0Uyyx88GZFF1fOunH3-7cepKmtH4pxhtCoHqpWmT8YAmZxaewHgHAjLYsp1ZSe7zFYHj7C6ul7TjeLQeZD_YwD66t62"
    "wDmpe_HlB-TnBA-njbglfIsRLtXlnDzQkv5dTltRJ11BKBBypeeF6689rjcJIDEz9RWdc";
inline constexpr std::string_view rsa_dp =
    "BwKfV3Akq5_MFZDFZCnW-wzl-CCo83WoZvnLQwCTeDv8uzluRSnm71I3QCLdhrqE2e9YkxvuxdBfpT_PI7Yz-FOKnu1R6HsJeDCjn1"
    "2Sk3vmAktV2zb34MCdy7cpdTh_YVr7tss2u6vneTwrA86rZtu5Mbr1C1XsmvkxHQAdYo0";
inline constexpr std::string_view rsa_dq =
    "h_96-mK1R_7glhsum81dZxjTnYynPbZpHziZjeeHcXYsXaaMwkOlODsWa7I9xXDoRwbKgB719rrmI2oKr6N3Do9U0ajaHF-NKJnwgj"
    "Md2w9cjz3_-kyNlxAr2v4IKhGNpmM5iIgOS1VZnOZ68m6_pbLBSp3nssTdlqvd0tIiTHU";
inline constexpr std::string_view rsa_qi =
    "IYd7DHOhrWvxkwPQsRM2tOgrjbcrfvtQJipd-DlcxyVuuM9sQLdgjVk2oy26F0EmpScGLq2MowX7fhd_QJQ3ydy5cY7YIBi87w93IK"
    "LEdfnbJtoOPLUW0ITrJReOgo1cq9SbsxYawBgfp_gh6A5603k2-ZQwVK0JKSHuLFkuQ3U";

inline constexpr std::string_view ec_x = "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU";
inline constexpr std::string_view ec_y = "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0";
inline constexpr std::string_view ec_d = "jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI";

inline constexpr std::string_view payload =
    "{\"iss\":\"joe\",\r\n \"exp\":1300819380,\r\n \"http://example.com/is_root\":true}";

inline constexpr std::string_view rs256_token =
    "eyJhbGciOiJSUzI1NiJ9."
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ."
    "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJd"
    "bF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9"
    "383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLI"
    "hWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";
inline constexpr std::string_view es256_token =
    "eyJhbGciOiJFUzI1NiJ9."
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ."
    "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";

inline std::string rsa_jwk() {
  return std::string(R"({"kty":"RSA","n":")").append(rsa_n).append(R"(","e":")").append(rsa_e).append("\"}");
}
inline std::string ec_jwk() {
  return std::string(R"({"kty":"EC","crv":"P-256","x":")")
      .append(ec_x)
      .append(R"(","y":")")
      .append(ec_y)
      .append("\"}");
}

/// DER: tag, definite length of at most two octets, content.
inline Bytes der(char tag, BytesView content) {
  Bytes out(1, tag);
  const std::size_t size = content.size();
  if (size >= 256) {
    out.append("\x82").push_back(static_cast<char>(size >> 8U));
  } else if (size >= 128) {
    out.append("\x81");
  }
  out.push_back(static_cast<char>(size & 0xffU));
  return out.append(content);
}

inline Bytes der_integer(std::string_view base64url) {
  Bytes number = from_base64url(base64url).value();
  if (static_cast<unsigned char>(number.front()) >= 128) number.insert(0, 1, '\0');
  return der(0x02, number);
}

/// A.2's private key as PKCS #8 (RFC 5208) around PKCS #1 (RFC 8017 appendix A.1.2).
inline Secret rsa_private_der() {
  Bytes numbers = der(0x02, BytesView("\0", 1));
  for (const auto number : {rsa_n, rsa_e, rsa_d, rsa_p, rsa_q, rsa_dp, rsa_dq, rsa_qi}) {
    numbers.append(der_integer(number));
  }
  const Bytes algorithm = from_hex("300d06092a864886f70d0101010500").value();  // rsaEncryption, NULL
  return Secret(der(0x30, der(0x02, BytesView("\0", 1)) + algorithm + der(0x04, der(0x30, numbers))));
}

/// A.3's private key as PKCS #8 around RFC 5915, without the optional public key.
inline Secret ec_private_der() {
  return Secret(from_hex("3041020100301306072a8648ce3d020106082a8648ce3d030107042730250201010420").value() +
                from_base64url(ec_d).value());
}

}  // namespace holdfast::crypto::rfc7515
