#include "core/url_password.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace waybill {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

TEST(UrlPassword, IsFoundHoweverItIsWritten) {
  for (const char* url :
       {"amqp://ann:secret@host", "amqps://:secret@host:5671/%2f", "ann:secret@host",
        "amqp://ann:s/e@c@host/v", "amqp://ann:se/cret@host", "amqp://ann:se:cret@host:5672",
        "amqp://ann:@host", "amqp:ann:secret@host"}) {
    EXPECT_TRUE(url_holds_password(url)) << url;
  }
}

TEST(UrlPassword, IsNotSeenWhereThereIsNone) {
  for (const char* url : {"", "amqp://", "amqp://host", "amqp://host:5672/%2f", "host:5672",
                          "amqp://ann@host:5672/v", "amqp://ann@host/a%40b"}) {
    EXPECT_FALSE(url_holds_password(url)) << url;
  }
}

TEST(UrlPassword, IsCutByASlash) {
  EXPECT_TRUE(url_password_is_cut("amqp://ann:12/cret@host"));
  EXPECT_TRUE(url_password_is_cut("amqp://ann:se/c@ret@host/v"));
  EXPECT_FALSE(url_password_is_cut("amqp://ann:secret@host/v"));
  EXPECT_FALSE(url_password_is_cut("amqp://ann:se%2fcret@host/v@w"));
  EXPECT_FALSE(url_password_is_cut("amqp://host:5672/v"));
}

TEST(UrlPassword, IsRefusedWithWhatToDoAndNotShown) {
  const Status refused = refuse_password("amqp://ann:se/cret@host", kAmqpUrlSources);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::invalid_argument);
  EXPECT_THAT(refused.error().message,
              AllOf(HasSubstr("--amqp-url holds a password"), HasSubstr("WAYBILL_AMQP_URL"),
                    HasSubstr("--amqp-url-file"), Not(HasSubstr("cret"))));
  EXPECT_TRUE(refuse_password("amqp://ann@host", kAmqpUrlSources));
}

}  // namespace
}  // namespace waybill
