#include "adapters/oidc/jws.h"

#include <gtest/gtest.h>

#include "base/base64.h"

namespace waybill::oidc {
namespace {

using Verdict = KeySet::Verdict;

// Made once with Node's crypto; the private keys are gone.
constexpr std::string_view kModulus =
    "0-AnshJLkU-DyKbKbX9uBMFs-GYc4N8-WeJvjQtVAuDD_A2mjjJeTE2NQOBVj69EMLnkaDdq420NOa1I"
    "QmLE5HYZRHmY6ZK0Ru6RtCd7yWRW5YpqaYm57QlIheJwFAhUi3eXcAOYXoApGRj5PWhgkouKqrVQPkwf"
    "IeQddhxUTxPBxSoWStm-2-mqvvS9OSfHWZ9TBDTck2QvwLBpB2MSWZsVpqbt41DmYLuAlpxWCjf_79Fe"
    "Amj_W95-dYClesOcvEpSQAo-Pufh1GW5RUsNLTW6gCDzIDyGtx0okzTR2c-qLQxyEHZFNeWp9KAwkNRW"
    "YDPJXl4bxm6TGkq1mPhrBw";
constexpr std::string_view kRs256 =
    "eyJhbGciOiJSUzI1NiIsImtpZCI6ImsxIn0.eyJzdWIiOiJhbm4ifQ."
    "01tvfYxGhGd8XzPdswOhlNN6LIVy4nqPnLuFXLlkag8mSaNpOmbw7_zTQ3NETAJomcZOx0WyQjj_yOj6"
    "U5l92tez1kYIrhqUYPcP1iiJyg8gez9HTYv-soeInROTbeFgXiS9QocilW_9pRJD3mg69tRdoaLk5mpO"
    "3XoPQo_wskKUAejB4W4C8ImPtz5yicfLOVmQXN1NVbM5MA_MIhrIpL2flgU1m3pO0vvTqvqDSlB0cTBH"
    "TSEtj6xh0mnlBfPw8GEVZ7m_buY_sQUZj5LI76zs_i0FcVqkl2gfEzeWxu7N_SWRrAedCTKoTTSU1Rn2"
    "z4rViKaS-__BsXrk7f6RIg";
constexpr std::string_view kPs256 =
    "eyJhbGciOiJQUzI1NiIsImtpZCI6ImsxIn0.eyJzdWIiOiJhbm4ifQ."
    "HA6TKCnOd-FC4CgHHNDgV3G-H03QFrFJ8WCY-of4FEB68cqvoXKT9HB5skNObvn9kbegMTDbpLk5E_el"
    "Ljmhx3zs9ee6GiZaC_aw5M3Pt4o5MLZdvApAbeDpAcLcOUCq6-Dh6D1k6cqN12Jl1SWGjyNCmkLDvbCq"
    "D40SXzP9RhaFpgyJnLsG17-CF1CUBCJqXoM3gnhUcjl4mJUn0iKIbL6voN7ICPZOWQauGg0QfRZD_urM"
    "0daucszceJNoSmEjO4fIJ4lzy7CEq6XNLnt5APLHSwd-69uboj1mUqIsHUbccROvw1YNDQMpEPBQBF8l"
    "HZu3Fu_SdMkOCygPWGerlw";
constexpr std::string_view kWeakModulus =
    "-FEFTF30ycxF30K4DL8jpQLZAGNehIQ-04a5eM1AMak9f5TiAFSTRWv_JdfBb_EAZH0JCX2ba27caRaZ"
    "TJ5uVJNBXh4FGjobmVFPB7hAnRfokAk08BovOWrNMZCwj68FJFQLqYHZTxVkpz8IUXGlAihXjyGX-2uu"
    "C9EkBRRMw2E";
constexpr std::string_view kWeakRs256 =
    "eyJhbGciOiJSUzI1NiIsImtpZCI6ImsxIn0.eyJzdWIiOiJhbm4ifQ."
    "EASx1yj1MtyqxeXY6t83zDkJdpjFxQPq2QkJDZ_oZb5gVNvmteQfprushkCXd-paDpsbYNT_iMdmRc0n"
    "3Ak2foXX9PbstVTkwSKTSjgp0TGGyFK0pxEs0YAZPYtmMk4HeHm0Jz6aj0q3FCo-V3dCoECOK4oVhDfK"
    "BWVywvSHH1U";

// RFC 7515, A.3.
constexpr std::string_view kEs256 =
    "eyJhbGciOiJFUzI1NiJ9."
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVl"
    "fQ."
    "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
constexpr std::string_view kEcKey =
    R"({"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
        "y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"})";

std::string rsa_key(std::string_view modulus, const std::string& more = "") {
  return R"({"kty":"RSA","kid":"k1","e":"AQAB","n":")" + std::string(modulus) + "\"" + more + "}";
}

KeySet keys(const std::string& list) {
  const auto set = KeySet::parse("{\"keys\":[" + list + "]}");
  EXPECT_TRUE(set.has_value());
  return *set;
}

Verdict verdict(const KeySet& set, std::string_view token) {
  const auto parsed = parse_jws(token);
  EXPECT_TRUE(parsed.has_value()) << token;
  return parsed ? set.verify(*parsed) : Verdict::bad;
}

/// The token with another header over the same claims and signature.
std::string with_header(std::string_view token, std::string_view header) {
  return to_base64url(header) + std::string(token.substr(token.find('.')));
}

TEST(Jws, OfEveryKindOfKeyIsVerified) {
  const KeySet set = keys(rsa_key(kModulus) + "," + std::string(kEcKey));
  for (const std::string_view token : {kRs256, kPs256, kEs256}) {
    EXPECT_EQ(verdict(set, token), Verdict::good) << token;
  }
  EXPECT_EQ(parse_jws(kRs256)->claims, R"({"sub":"ann"})");
}

TEST(Jws, ThatWasTouchedFitsNoKey) {
  const KeySet set = keys(rsa_key(kModulus) + "," + std::string(kEcKey));
  for (const std::string_view token : {kRs256, kPs256, kEs256}) {
    for (const std::size_t at : {token.find('.') + 3, token.rfind('.') + 9}) {
      std::string touched(token);
      touched[at] = touched[at] == 'A' ? 'B' : 'A';
      EXPECT_EQ(verdict(set, touched), Verdict::unknown) << touched;
    }
    EXPECT_EQ(verdict(set, token.substr(0, token.rfind('.') + 1)), Verdict::unknown);
  }
}

TEST(Jws, WithoutASignatureOrWithASharedSecretIsBad) {
  const KeySet set = keys(rsa_key(kModulus));
  for (const char* algorithm : {"none", "None", "NONE", "HS256", "RS1", "", "ES512"}) {
    const std::string header = R"({"alg":")" + std::string(algorithm) + R"(","kid":"k1"})";
    EXPECT_EQ(verdict(set, with_header(kRs256, header)), Verdict::bad) << algorithm;
  }
  EXPECT_EQ(verdict(set, with_header(kRs256, "{}")), Verdict::bad);
  EXPECT_EQ(verdict(set, with_header(kRs256, R"({"alg":["RS256"]})")), Verdict::bad);
}

TEST(Jws, OfAKeyThatIsNotThereIsUnknown) {
  EXPECT_EQ(verdict(keys(""), kRs256), Verdict::unknown);
  EXPECT_EQ(verdict(keys(std::string(kEcKey)), kRs256), Verdict::unknown);
  for (const char* more : {R"(,"use":"enc")", R"(,"alg":"RS512")"}) {
    EXPECT_EQ(verdict(keys(rsa_key(kModulus, more)), kRs256), Verdict::unknown) << more;
  }
  EXPECT_EQ(verdict(keys(rsa_key(kModulus)), with_header(kRs256, R"({"alg":"RS256","kid":"k2"})")),
            Verdict::unknown);
}

TEST(Jws, OfAKeyWithoutANameIsUnknownUntilThatIsThere) {
  constexpr std::string_view kOther =  // RFC 7517, A.1
      R"({"kty":"EC","crv":"P-256","x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
          "y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"})";
  EXPECT_EQ(verdict(keys(std::string(kOther)), kEs256), Verdict::unknown);
  EXPECT_EQ(verdict(keys(std::string(kOther) + "," + std::string(kEcKey)), kEs256), Verdict::good);
  // The token has a name for its key, and the key has none.
  const std::string nameless = R"({"kty":"RSA","e":"AQAB","n":")" + std::string(kModulus) + "\"}";
  EXPECT_EQ(verdict(keys(nameless), kRs256), Verdict::good);
}

TEST(Jws, OfASmallKeyIsNotTaken) {
  EXPECT_EQ(verdict(keys(rsa_key(kWeakModulus)), kWeakRs256), Verdict::unknown);
}

TEST(Jws, KeysThatAreBrokenArePassedOver) {
  const KeySet set =
      keys(R"(7,{},{"kty":"RSA"},{"kty":"RSA","n":"*","e":"AQAB"},{"kty":"oct","k":"AA"},
      {"kty":"EC","crv":"P-256","x":"AA","y":"AA"},
      {"kty":"EC","crv":"P-256","x":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
       "y":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"},)" +
           rsa_key(kModulus));
  EXPECT_EQ(verdict(set, kRs256), Verdict::good);
  for (const char* wrong : {"", "[]", "{}", R"({"keys":{}})", "x"}) {
    EXPECT_FALSE(KeySet::parse(wrong).has_value()) << wrong;
  }
}

TEST(Jws, WhatIsNoneIsRefused) {
  for (const std::string& wrong :
       {std::string(), std::string("a.b"), std::string("..."), std::string("!.e30.e30"),
        "x." + std::string(kRs256), std::string(kRs256) + ".x", std::string(kRs256) + "=",
        with_header(kRs256, "[]"), with_header(kRs256, R"({"alg":"RS256","crit":["b64"]})"),
        std::string(100'000, 'A') + ".e30.e30"}) {
    const auto parsed = parse_jws(wrong);
    ASSERT_FALSE(parsed.has_value()) << wrong.substr(0, 100);
    EXPECT_EQ(parsed.error().code, Code::unauthenticated);
  }
}

}  // namespace
}  // namespace waybill::oidc
