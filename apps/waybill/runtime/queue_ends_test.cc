#include "apps/waybill/runtime/queue_ends.h"

#include <gtest/gtest.h>

namespace waybill::cli {
namespace {

TEST(BrokerChoice, NamesAwsSessionsAfterTheCommand) {
  for (const char* command : {"worker", "replay"}) {
    Invocation invocation;
    invocation.command = command;
    invocation.values = {{"from", {"aws-sqs"}}, {"queue", {"https://sqs.eu-west-1.example/1/q"}}};
    const auto choice = broker_choice(invocation);
    ASSERT_TRUE(choice.has_value()) << choice.error().message;
    EXPECT_EQ(choice->session_name, std::string("waybill-") + command);
  }
}

}  // namespace
}  // namespace waybill::cli
