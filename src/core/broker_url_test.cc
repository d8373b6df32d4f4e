#include "core/broker_url.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace waybill {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(BrokerUrl, SaysWhichBrokerAndWhere) {
  EXPECT_EQ(parse_broker_url("")->kind, BrokerKind::none);
  EXPECT_EQ(parse_broker_url("amqp")->kind, BrokerKind::amqp);
  EXPECT_EQ(parse_broker_url("amqp")->place, "");
  EXPECT_EQ(parse_broker_url("amqps://ann@host:5671/v")->kind, BrokerKind::amqp);
  EXPECT_EQ(parse_broker_url("amqps://ann@host:5671/v")->place, "amqps://ann@host:5671/v");
  EXPECT_EQ(parse_broker_url("gcp-pubsub:my-project")->kind, BrokerKind::pubsub);
  EXPECT_EQ(parse_broker_url("gcp-pubsub:my-project")->place, "my-project");
  EXPECT_EQ(parse_broker_url("aws-sns:eu-west-1")->kind, BrokerKind::sns);
  EXPECT_EQ(parse_broker_url("aws-sns:eu-west-1")->place, "eu-west-1");
}

TEST(BrokerUrl, APasswordIsRefusedWithWhereItBelongsAndNotShown) {
  const auto refused = parse_broker_url("amqp://ann:secret@host");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::invalid_argument);
  EXPECT_THAT(refused.error().message, HasSubstr("WAYBILL_AMQP_URL"));
  EXPECT_THAT(refused.error().message, Not(HasSubstr("secret")));
  const auto unknown = parse_broker_url("rabbit://ann:secret@host");
  ASSERT_FALSE(unknown);
  EXPECT_THAT(unknown.error().message, Not(HasSubstr("secret")));
}

TEST(BrokerUrl, WhatNamesNoBrokerSaysWhatDoes) {
  for (const char* text : {"intake", "redis://host", "gcp-pubsub:", "gcp-pubsub:a/b", "aws-sns:"}) {
    const auto refused = parse_broker_url(text);
    ASSERT_FALSE(refused) << text;
    EXPECT_EQ(refused.error().code, Code::invalid_argument);
  }
  EXPECT_THAT(parse_broker_url("intake").error().message, HasSubstr("--queues"));
}

}  // namespace
}  // namespace waybill
