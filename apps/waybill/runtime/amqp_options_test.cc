#include "apps/waybill/runtime/amqp_options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "testing/temporary_directory.h"

namespace waybill::cli {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

const Variables kVariable = {{"WAYBILL_AMQP_URL", "amqp://ann:secret@variable"}};

std::string file_with(const TemporaryDirectory& directory, const std::string& text) {
  std::string path = directory.path() + "/url";
  std::ofstream(path) << text;
  return path;
}

Error refusal(const AmqpPlace& place, const Variables& environment) {
  const auto connection = amqp_connection(place, environment);
  EXPECT_FALSE(connection);
  return connection ? Error{} : connection.error();
}

TEST(AmqpOptions, TakeTheUrlFromAFlagThenAFileThenTheVariable) {
  const TemporaryDirectory directory;
  const std::string file = file_with(directory, "amqp://ann:secret@file \r\n");
  EXPECT_EQ(amqp_connection({.url = "amqp://flag", .url_file = ""}, kVariable)->url, "amqp://flag");
  EXPECT_EQ(amqp_connection({.url = "", .url_file = file}, kVariable)->url,
            "amqp://ann:secret@file");
  EXPECT_EQ(amqp_connection({}, kVariable)->url, "amqp://ann:secret@variable");
}

TEST(AmqpOptions, SayWhatIsMissingOrTooMuch) {
  const TemporaryDirectory directory;
  EXPECT_THAT(refusal({}, {}).message, HasSubstr("Set WAYBILL_AMQP_URL"));
  EXPECT_THAT(refusal({.url = "amqp://h", .url_file = "f"}, {}).message,
              HasSubstr("give one of them"));
  EXPECT_THAT(refusal({.url = "", .url_file = file_with(directory, " \n")}, {}).message,
              HasSubstr("is empty"));
  EXPECT_THAT(refusal({.url = "", .url_file = directory.path() + "/none"}, {}).message,
              HasSubstr("--amqp-url-file"));
}

TEST(AmqpOptions, ShowNothingOfAUrlThatMakesNoSense) {
  for (const char* url : {"amqp://ann:12/secret@host", "ftp://ann:secret@host"}) {
    const Error error = refusal({}, {{"WAYBILL_AMQP_URL", url}});
    EXPECT_EQ(error.code, Code::invalid_argument) << url;
    EXPECT_THAT(error.message, AllOf(HasSubstr("URL"), Not(HasSubstr("secret")))) << url;
  }
}

TEST(AmqpOptions, TrustWhomAVariableNames) {
  EXPECT_EQ(
      amqp_connection({.url = "amqp://h", .url_file = ""}, {{"SSL_CERT_FILE", "ca"}})->ca_file,
      "ca");
}

TEST(AmqpOptions, KnowTheTypesOfQueues) {
  EXPECT_EQ(amqp_queue_type(""), AmqpQueueType::broker_default);
  EXPECT_EQ(amqp_queue_type("quorum"), AmqpQueueType::quorum);
  EXPECT_FALSE(amqp_queue_type("stream"));
}

}  // namespace
}  // namespace waybill::cli
