#include "core/ip_network.h"

#include <gtest/gtest.h>

namespace waybill {
namespace {

bool is_open(std::string_view text) { return is_public(parse_ip_address(text).value()); }
bool has(std::string_view network, std::string_view address) {
  return contains(parse_ip_network(network).value(), parse_ip_address(address).value());
}

TEST(IpNetworkTest, ReadsAndWritesAddresses) {
  for (const std::string text : {"192.0.2.1", "::1", "2001:db8::1", "fe80::2"}) {
    EXPECT_EQ(to_string(parse_ip_address(text).value()), text);
  }
  EXPECT_EQ(parse_ip_address("::ffff:192.0.2.1"), parse_ip_address("192.0.2.1"));
  for (const std::string_view text :
       {"", "1.2.3", "0x7f.1", "[::1]", "fe80::1%eth0", "localhost"}) {
    EXPECT_FALSE(parse_ip_address(text)) << text;
  }
  EXPECT_FALSE(parse_ip_address(std::string_view("1.2.3.4\0", 8)));
}

TEST(IpNetworkTest, ANetworkHasItsAddressesAndNoOthers) {
  EXPECT_TRUE(has("10.0.0.0/8", "10.255.0.1"));
  EXPECT_FALSE(has("10.0.0.0/8", "11.0.0.0"));
  EXPECT_TRUE(has("172.16.0.0/12", "172.31.255.255"));
  EXPECT_FALSE(has("172.16.0.0/12", "172.32.0.0"));
  EXPECT_TRUE(has("fd00::/8", "fdff::1"));
  EXPECT_FALSE(has("fd00::/8", "fc00::1"));
  EXPECT_TRUE(has("127.0.0.1", "127.0.0.1"));
  EXPECT_FALSE(has("127.0.0.1", "127.0.0.2"));
  EXPECT_TRUE(has("0.0.0.0/0", "203.0.113.9"));
  EXPECT_FALSE(has("0.0.0.0/0", "2001:4860::1"));
  EXPECT_TRUE(has("::/0", "203.0.113.9"));
}

TEST(IpNetworkTest, WhatIsNoNetworkIsRefused) {
  for (const std::string_view text :
       {"", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/-1", "10.0.0.0/8 ", "::/129", "ten/8"}) {
    EXPECT_EQ(parse_ip_network(text).error().code, Code::invalid_argument) << text;
  }
  EXPECT_EQ(parse_ip_network("10.1.0.0/8").error().message,
            "\"10.1.0.0/8\" has bits after the first 8: they have to be zero, or it is another "
            "network");
}

TEST(IpNetworkTest, OnlyAnybodysAddressesArePublic) {
  for (const std::string_view text :
       {"1.1.1.1", "8.8.8.8", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "64:ff9b::808:808"}) {
    EXPECT_TRUE(is_open(text)) << text;
  }
  for (const std::string_view text :
       {"0.0.0.0",    "10.0.0.1",         "100.64.0.1",    "127.0.0.1",       "169.254.169.254",
        "172.16.0.1", "192.168.1.1",      "224.0.0.1",     "255.255.255.255", "::",
        "::1",        "::ffff:127.0.0.1", "fc00::1",       "fd00:ec2::254",   "fe80::1",
        "ff02::1",    "2001:db8::1",      "2002:7f00:1::", "64:ff9b::7f00:1", "::127.0.0.1"}) {
    EXPECT_FALSE(is_open(text)) << text;
  }
}

}  // namespace
}  // namespace waybill
