#include "adapters/oidc/provider.h"

#include <gtest/gtest.h>

#include "testing/fake_http_client.h"
#include "testing/sim_clock.h"

namespace waybill::oidc {
namespace {

using namespace std::chrono_literals;

// RFC 7515, A.3: signed with a key that has no name.
constexpr const char* kToken =
    "eyJhbGciOiJFUzI1NiJ9."
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVl"
    "fQ."
    "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
constexpr const char* kItsKey =
    R"({"keys":[{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
        "y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}]})";
// RFC 7517, A.1.
constexpr const char* kAnotherKey =
    R"({"keys":[{"kty":"EC","crv":"P-256","x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
        "y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"}]})";
constexpr const char* kMetadata =
    R"({"issuer":"https://id.example","authorization_endpoint":"https://id.example/auth",
        "token_endpoint":"https://id.example/token","jwks_uri":"https://id.example/jwks",
        "response_types_supported":["code"]})";

class OidcProviderTest : public testing::Test {
 protected:
  HttpResponse answer(const HttpRequest& request) {
    if (request.url.ends_with("/jwks")) {
      ++fetched_;
      return {.status = 200, .headers = {}, .body = keys_};
    }
    if (request.url.ends_with("/token")) {
      return {.status = 200,
              .headers = {},
              .body = R"({"access_token":"a","id_token":")" + std::string(kToken) + "\"}"};
    }
    return {.status = 200, .headers = {}, .body = kMetadata};
  }
  /// Whether a key was found that had signed the token; it is refused after that for its claims.
  bool is_believed() {
    const auto who = provider_.redeem({.code = "c", .redirect_uri = {}, .code_verifier = {}}, {});
    EXPECT_FALSE(who.has_value());
    const std::string why = who ? "" : who.error().message;
    EXPECT_TRUE(why.find("no key") != why.npos || why.find("(iss)") != why.npos) << why;
    return why.find("(iss)") != why.npos;
  }

  SimClock clock_;
  FakeHttpClient http_{[this](const HttpRequest& request) { return answer(request); }};
  OidcProvider provider_{http_,
                         clock_,
                         {.name = "acme", .client_id = "waybill", .issuer = "https://id.example"},
                         "secret"};
  std::string keys_ = kItsKey;
  int fetched_ = 0;
};

TEST_F(OidcProviderTest, AskOnceAnHourForKeysThatFit) {
  EXPECT_TRUE(is_believed());
  clock_.advance(1h - 1s);
  EXPECT_TRUE(is_believed());
  EXPECT_EQ(fetched_, 1);
  clock_.advance(1s);
  EXPECT_TRUE(is_believed());
  EXPECT_EQ(fetched_, 2);
}

TEST_F(OidcProviderTest, ANamelessKeyThatIsNewIsFetchedAMinuteAfterTheLast) {
  keys_ = kAnotherKey;
  EXPECT_FALSE(is_believed());
  clock_.advance(1min);
  keys_ = kItsKey;
  EXPECT_TRUE(is_believed());
}

TEST_F(OidcProviderTest, SignaturesThatNoKeyFitsAreAskedAboutOnceAMinute) {
  keys_ = kAnotherKey;
  EXPECT_FALSE(is_believed());
  EXPECT_EQ(fetched_, 2) << "once at first, once for the signature";
  clock_.advance(1min - 1s);
  EXPECT_FALSE(is_believed());
  EXPECT_EQ(fetched_, 2);
  clock_.advance(1s);
  EXPECT_FALSE(is_believed());
  EXPECT_EQ(fetched_, 3);
}

}  // namespace
}  // namespace waybill::oidc
