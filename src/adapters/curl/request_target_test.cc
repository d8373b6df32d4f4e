#include "adapters/curl/request_target.h"

#include <gtest/gtest.h>

namespace waybill {
namespace {

TEST(RequestTarget, IsThePathAndTheQuery) {
  EXPECT_EQ(request_target("https://a.example/b/../c%20d?e=f", HttpProxy::possible),
            "/b/../c%20d?e=f");
  EXPECT_EQ(request_target("HTTPS://user:word@a.example:8443/", HttpProxy::possible), "/");
  EXPECT_EQ(request_target("http://[::1]:80/b", HttpProxy::none), "/b");
}

TEST(RequestTarget, IsLeftToLibcurlWhereAProxyMayWantTheWholeUrl) {
  EXPECT_EQ(request_target("http://a.example/b", HttpProxy::possible), "");
  EXPECT_EQ(request_target("HTTP://a.example/b", HttpProxy::possible), "");
}

TEST(RequestTarget, IsLeftToLibcurlWhereThereIsNone) {
  for (const char* url :
       {"", "a.example/b", "https://a.example", "https://a.example?b", "https://a.example#/b",
        "https://a.example?b=/c", "https://a.example\\@b/c"}) {
    EXPECT_EQ(request_target(url, HttpProxy::none), "") << url;
  }
}

TEST(RequestTarget, NeverHoldsWhatWouldEndTheRequestLine) {
  for (const char c : {' ', '\t', '\r', '\n', '\0', '\x7f', '\x80', '#'}) {
    EXPECT_EQ(request_target(std::string("https://a.example/b") + c + "c", HttpProxy::none), "");
  }
}

}  // namespace
}  // namespace waybill
