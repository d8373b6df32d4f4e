#include "adapters/redis/address.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace waybill::redis {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

TEST(RedisAddress, HasHostPortAndDatabase) {
  const auto plain = parse_address("redis://redis.example");
  ASSERT_TRUE(plain) << plain.error().message;
  EXPECT_EQ(plain->host, "redis.example");
  EXPECT_EQ(plain->port, 6379);
  EXPECT_EQ(plain->password, "");
  EXPECT_EQ(place_of(*plain), "redis.example:6379");
  const auto whole = parse_address("redis://[::1]:7000/3");
  ASSERT_TRUE(whole) << whole.error().message;
  EXPECT_EQ(whole->host, "::1");
  EXPECT_EQ(whole->port, 7000);
  EXPECT_EQ(whole->database, 3);
  EXPECT_EQ(place_of(*whole), "[::1]:7000");
}

TEST(RedisAddress, HasUserAndPasswordAndDoesNotShowThem) {
  const auto both = parse_address("redis://ann:s%40cr%2fet@h:1/");
  ASSERT_TRUE(both) << both.error().message;
  EXPECT_EQ(both->user, "ann");
  EXPECT_EQ(both->password, "s@cr/et");
  EXPECT_EQ(place_of(*both), "h:1");
  const auto alone = parse_address("redis://:pw@h");
  ASSERT_TRUE(alone) << alone.error().message;
  EXPECT_EQ(alone->user, "");
  EXPECT_EQ(alone->password, "pw");
}

TEST(RedisAddress, MayBeASocket) {
  const auto socket = parse_address("unix://:pw@/run/redis.sock");
  ASSERT_TRUE(socket) << socket.error().message;
  EXPECT_EQ(socket->socket, "/run/redis.sock");
  EXPECT_EQ(socket->password, "pw");
  EXPECT_EQ(place_of(*socket), "/run/redis.sock");
}

TEST(RedisAddress, IsRefusedWithWhatToDoAndNotShown) {
  for (const char* url :
       {"", "cret", "redis.example:6379", "http://ann:cret@h", "redis://", "redis://:cret@",
        "redis://:cret@:6379", "redis://ann@h", "redis://:c/ret@h", "redis://:c%ret@h",
        "redis://:cret@h:0", "redis://:cret@h:65536", "redis://:cret@h:x", "redis://:cret@h/x",
        "redis://:cret@h/-1", "redis://:cret@[::1", "redis://:cret@[::1]x", "unix://relative",
        "rediss://:cret@h"}) {
    const auto refused = parse_address(url);
    ASSERT_FALSE(refused) << url;
    EXPECT_EQ(refused.error().code, Code::invalid_argument);
    EXPECT_THAT(refused.error().message,
                AllOf(HasSubstr("Redis' URL"), Not(HasSubstr("cret")), Not(HasSubstr("ret@"))))
        << url;
  }
  EXPECT_THAT(parse_address("rediss://h").error().message, HasSubstr("stunnel"));
}

}  // namespace
}  // namespace waybill::redis
