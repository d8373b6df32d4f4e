#include "rpc/outcome.h"

#include <gtest/gtest.h>

#include "http/problem.h"

namespace waybill::rpc {
namespace {

using namespace std::chrono_literals;

Outcome of(int status, const std::string& type = "") {
  const std::string body =
      type.empty() ? "not JSON"
                   : R"({"type":"urn:waybill:problem:)" + type + R"(","detail":"because"})";
  return outcome_of(
      http::Response{.status = status, .body = body, .headers = {}, .stream = nullptr});
}

std::string trailing(const Outcome& outcome, std::string_view name) {
  for (const auto& [key, value] : outcome.trailing) {
    if (key == name) return value;
  }
  return "";
}

TEST(Outcome, OfAnAnswerThatIsNoProblemIsOk) {
  for (const int status : {200, 201, 204, 304}) EXPECT_TRUE(of(status).ok) << status;
}

TEST(Outcome, EveryStatusOfAProblemHasItsCode) {
  const std::initializer_list<std::pair<int, Code>> codes = {
      {400, Code::invalid_argument},
      {401, Code::unauthenticated},
      {403, Code::permission_denied},
      {404, Code::not_found},
      {405, Code::unimplemented},
      {409, Code::failed_precondition},
      {410, Code::out_of_range},
      {412, Code::failed_precondition},
      {413, Code::resource_exhausted},
      {415, Code::internal},
      {421, Code::permission_denied},
      {422, Code::invalid_argument},
      {429, Code::resource_exhausted},
      {500, Code::internal},
      {501, Code::unimplemented},
      {503, Code::unavailable},
      {504, Code::deadline_exceeded},
      {507, Code::resource_exhausted},
      {418, Code::unknown},
  };
  for (const auto& [status, code] : codes) {
    EXPECT_FALSE(of(status, "any").ok);
    EXPECT_EQ(of(status, "any").code, code) << status;
    EXPECT_EQ(of(status).code, code) << status << " without a body that is a problem";
  }
}

TEST(Outcome, WhereTheTypeSaysMoreThanTheStatusItCounts) {
  EXPECT_EQ(of(409, "exists").code, Code::already_exists);
  EXPECT_EQ(of(409, "stale").code, Code::aborted);
  EXPECT_EQ(of(404, "exists").code, Code::not_found) << "of another status";
}

TEST(Outcome, SaysWhatTheProblemSays) {
  const Outcome outcome = of(409, "stale");
  EXPECT_EQ(outcome.message, "because");
  EXPECT_EQ(trailing(outcome, "waybill-problem-type"), "urn:waybill:problem:stale");
  EXPECT_EQ(of(500).message, "");
}

TEST(Outcome, EveryProblemOfOursHasACodeOfItsOwn) {
  for (int code = 1; code <= static_cast<int>(Code::unauthenticated); ++code) {
    const Error error{.code = static_cast<Code>(code), .message = "m"};
    const Outcome outcome = outcome_of(http::to_response(http::problem_of(error)));
    EXPECT_FALSE(outcome.ok) << code;
    EXPECT_NE(outcome.code, Code::unknown) << code;
    EXPECT_FALSE(outcome.message.empty()) << code;
  }
}

TEST(Outcome, SaysWhenToComeBackAndWhatWasReplayed) {
  const Outcome soon = outcome_of(http::Response{
      .status = 429, .body = "{}", .headers = {{"Retry-After", "7"}}, .stream = nullptr});
  EXPECT_EQ(trailing(soon, "retry-after-ms"), "7000");
  const Outcome error =
      outcome_of(Error{.code = Code::unavailable, .message = "busy", .retry_after = 1500500us});
  EXPECT_EQ(trailing(error, "retry-after-ms"), "1501");
  const Outcome replayed = outcome_of(http::Response{
      .body = "{}", .headers = {{"Idempotent-Replayed", "true"}}, .stream = nullptr});
  EXPECT_TRUE(replayed.ok);
  EXPECT_EQ(trailing(replayed, "idempotent-replayed"), "true");
}

}  // namespace
}  // namespace waybill::rpc
