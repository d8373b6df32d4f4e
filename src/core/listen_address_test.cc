#include "core/listen_address.h"

#include <gtest/gtest.h>

namespace waybill {
namespace {

TEST(ListenAddress, IsReadWithItsPort) {
  const auto v4 = parse_listen_address("0.0.0.0:80");
  ASSERT_TRUE(v4);
  EXPECT_EQ(v4->address, "0.0.0.0");
  EXPECT_EQ(v4->port, 80);
  EXPECT_FALSE(v4->is_loopback);
  const auto v6 = parse_listen_address("[::1]:0");
  ASSERT_TRUE(v6);
  EXPECT_EQ(v6->address, "::1");
  EXPECT_TRUE(v6->is_loopback);
  EXPECT_EQ(parse_listen_address("localhost:8470")->address, "127.0.0.1");
}

TEST(ListenAddress, IsRefusedWithWhatWouldBeRight) {
  for (const char* text :
       {"", ":", ":80", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1",
        "127.0.0.1:80x", "::1:80", "example.org:80", "[::1]80", "[]:80", "[::1:80"}) {
    const auto address = parse_listen_address(text);
    ASSERT_FALSE(address) << text;
    EXPECT_NE(address.error().message.find("127.0.0.1:8470"), std::string::npos);
  }
}

TEST(ListenAddress, KnowsTheNamesOfThisMachine) {
  for (const char* host :
       {"localhost", "LOCALHOST:1", "127.0.0.1", "127.9.9.9:80", "[::1]", "[::1]:80"}) {
    EXPECT_TRUE(is_loopback_host(host)) << host;
  }
  for (const char* host : {"", "localhost.example.org", "127.0.0.1.example.org", "10.0.0.1",
                           "[::2]", "example.org:127"}) {
    EXPECT_FALSE(is_loopback_host(host)) << host;
  }
}

}  // namespace
}  // namespace waybill
