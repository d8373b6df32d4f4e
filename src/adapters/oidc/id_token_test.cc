#include "adapters/oidc/id_token.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "base/json.h"

namespace waybill::oidc {
namespace {

using namespace std::chrono_literals;

const IdTokenRules kRules{.issuer = "https://id.example.org",
                          .client_id = "waybill",
                          .nonce = "n-1",
                          .now = Time(1'800'000'000s)};

/// A token that holds, with some claims replaced; null takes one away.
boost::json::object claims(const std::string& changed) {
  boost::json::object all = {{"iss", "https://id.example.org"},
                             {"aud", "waybill"},
                             {"sub", "17"},
                             {"nonce", "n-1"},
                             {"exp", 1'800'000'300},
                             {"iat", 1'800'000'000}};
  const auto parsed = json::parse(changed);
  for (const auto& [name, value] : parsed->get_object()) {
    if (value.is_null()) {
      all.erase(name);
    } else {
      all[name] = value;
    }
  }
  return all;
}

TEST(IdToken, ThatHoldsIsBelieved) {
  for (const char* good :
       {"{}", R"({"aud":["waybill"]})", R"({"aud":["x","waybill"],"azp":"waybill"})",
        R"({"azp":"waybill"})", R"({"exp":1799999941})", R"({"iat":1800000059})",
        R"({"exp":1.8000003e9})", R"({"nbf":1800000059})"}) {
    const Status status = check_id_token(claims(good), kRules);
    EXPECT_TRUE(status.has_value()) << good << ": " << status.error().message;
  }
}

TEST(IdToken, ThatDoesNotHoldIsNot) {
  for (const char* wrong : {R"({"iss":"https://id.example.org/"})",
                            R"({"iss":null})",
                            R"({"iss":7})",
                            R"({"aud":"other"})",
                            R"({"aud":null})",
                            R"({"aud":[]})",
                            R"({"aud":["other"]})",
                            R"({"aud":["waybill","x"]})",
                            R"({"azp":"x"})",
                            R"({"azp":7})",
                            R"({"exp":1799999940})",
                            R"({"exp":null})",
                            R"({"exp":"1800000300"})",
                            R"({"iat":1800000061})",
                            R"({"iat":null})",
                            R"({"nbf":1800000061})",
                            R"({"nonce":"n-2"})",
                            R"({"nonce":null})",
                            R"({"nonce":""})",
                            R"({"sub":""})",
                            R"({"sub":null})",
                            R"({"sub":17})"}) {
    const Status status = check_id_token(claims(wrong), kRules);
    ASSERT_FALSE(status.has_value()) << wrong;
    EXPECT_EQ(status.error().code, Code::unauthenticated);
  }
  IdTokenRules without = kRules;
  without.nonce.clear();
  EXPECT_FALSE(check_id_token(claims(R"({"nonce":""})"), without).has_value());
  EXPECT_FALSE(
      check_id_token(claims(R"({"sub":")" + std::string(256, 'a') + R"("})"), kRules).has_value());
}

}  // namespace
}  // namespace waybill::oidc
