#include <gmock/gmock.h>

#include "testing/http_test_server.h"
#include "tests/tls/place.h"

namespace waybill {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class ProxyTest : public NetworkTest {
 protected:
  ProxyTest() { set("SSL_CERT_FILE", Certificates::instance().authority()); }
};

TEST_F(ProxyTest, TlsGoesThroughATunnelAndIsVerifiedBehindIt) {
  const std::string url = start_https("good");
  set("HTTPS_PROXY", start_proxy());
  const auto answer = get(url + "/a?b");
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->body, "hello");
  EXPECT_EQ(proxied(), "CONNECT " + url.substr(8) + "\n");
  EXPECT_THAT(error_of(start_https("lone")), HasSubstr("SSL_CERT_FILE"));
}

TEST_F(ProxyTest, NoProxyNamesWhatIsReachedWithoutIt) {
  const std::string url = start_https("good");
  set("HTTPS_PROXY", start_proxy());
  for (const char* exempt : {"127.0.0.1", "10.1.2.3,127.0.0.1", "127.0.0.0/8", "*"}) {
    set("NO_PROXY", exempt);
    EXPECT_TRUE(get(url)) << exempt;
    EXPECT_EQ(proxied(), "") << exempt;
  }
  set("NO_PROXY", "10.0.0.0/8,.internal");
  EXPECT_TRUE(get(url));
  EXPECT_NE(proxied(), "");
}

TEST_F(ProxyTest, PlainRequestsHaveAProxyOfTheirOwnInCapitalsToo) {
  const HttpTestServer server([](const ReceivedRequest&) { return ScriptedAnswer{.body = "hi"}; });
  const std::string proxy = start_proxy();
  set("HTTPS_PROXY", proxy);
  ASSERT_TRUE(get(server.url()));
  EXPECT_EQ(proxied(), "") << "that one is for https";
  set("HTTP_PROXY", proxy);
  const auto answer = get(server.url() + "/x");
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->body, "hi");
  EXPECT_EQ(proxied(), "GET " + server.url() + "/x\n");
  set("NO_PROXY", "127.0.0.1");
  ASSERT_TRUE(get(server.url() + "/y"));
  EXPECT_THAT(proxied(), Not(HasSubstr("/y")));
}

TEST_F(ProxyTest, AProxysPasswordIsSentAndNotShown) {
  const std::string url = start_https("good");
  std::string proxy = start_proxy({"--user", "ann:secret"});
  set("https_proxy", "http://ann:secret@" + proxy.substr(7));
  EXPECT_TRUE(get(url));
  EXPECT_THAT(proxied(), HasSubstr("authorized"));
  set("https_proxy", "http://ann:wrongword@" + proxy.substr(7));
  EXPECT_THAT(error_of(url), AllOf(HasSubstr("407"), Not(HasSubstr("wrongword"))));
}

TEST_F(ProxyTest, WhatNeverGotPastTheProxyMayBeSentAgain) {
  const std::string url = start_https("good");
  set("HTTPS_PROXY", start_proxy({"--refuse", "503"}));
  const auto refused = get(url);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::unavailable) << refused.error().message;
  EXPECT_THAT(refused.error().message, HasSubstr("503"));
  set("HTTPS_PROXY", start_proxy({"--cut"}));
  const auto cut = get(url);
  ASSERT_FALSE(cut);
  EXPECT_EQ(cut.error().code, Code::unavailable) << cut.error().message;
  set("HTTPS_PROXY", "http://127.0.0.1:" + std::to_string(free_port()));
  EXPECT_EQ(get(url).error().code, Code::unavailable);
}

}  // namespace
}  // namespace waybill
