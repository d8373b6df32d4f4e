#include "http/problem.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "base/json.h"

namespace waybill::http {
namespace {

TEST(Problem, TellsAnErrorWithItsStatusAndType) {
  const Response response =
      to_response(problem_of(Error{.code = Code::not_found, .message = "no task 7"}));
  EXPECT_EQ(response.status, 404);
  EXPECT_EQ(response.content_type, "application/problem+json");
  const auto body = json::parse(response.body)->get_object();
  EXPECT_EQ(body.at("type"), "urn:waybill:problem:not-found");
  EXPECT_EQ(body.at("status"), 404);
  EXPECT_EQ(body.at("detail"), "no task 7");
  EXPECT_FALSE(body.at("title").get_string().empty());
}

TEST(Problem, IsJsonWhateverBytesWereSent) {
  const Response response = to_response(problem_of(405, "/v1/kinds takes GET, not G\xffT"));
  const auto body = json::parse(response.body);
  ASSERT_TRUE(body.has_value()) << response.body;
  EXPECT_EQ(body->at("detail"), "/v1/kinds takes GET, not G\xef\xbf\xbdT");
}

TEST(Problem, SaysWhenToComeBack) {
  const Problem soon = problem_of(Error{.code = Code::unavailable, .message = "busy"});
  EXPECT_EQ(soon.status, 503);
  EXPECT_EQ(soon.headers, (Pairs{{"Retry-After", "1"}}));
  const Problem later = problem_of(Error{.code = Code::unavailable,
                                         .message = "busy",
                                         .retry_after = std::chrono::milliseconds(2500)});
  EXPECT_EQ(later.headers, (Pairs{{"Retry-After", "3"}}));
}

TEST(Problem, SaysToWhoIsTooEarlyWhenToComeBack) {
  const Problem problem = too_soon("too-many-requests", "slow down", std::chrono::milliseconds(1));
  EXPECT_EQ(problem.status, 429);
  EXPECT_EQ(problem.type, "too-many-requests");
  EXPECT_EQ(problem.headers, (Pairs{{"Retry-After", "1"}})) << "whole seconds, and never none";
}

TEST(Problem, KeepsToItselfWhatIsInside) {
  for (const Code code : {Code::internal, Code::unknown, Code::data_loss}) {
    const Problem problem = problem_of(Error{.code = code, .message = "/var/lib/secret"});
    EXPECT_EQ(problem.status, 500);
    EXPECT_EQ(problem.detail.find("secret"), std::string::npos);
  }
}

TEST(Problem, HasATypeForEachCode) {
  for (int code = 0; code <= static_cast<int>(Code::unauthenticated); ++code) {
    const Problem problem = problem_of(Error{.code = static_cast<Code>(code), .message = "x"});
    EXPECT_GE(problem.status, 400);
    EXPECT_FALSE(problem.type.empty());
  }
  EXPECT_EQ(problem_of(Error{.code = Code::aborted, .message = ""}).type, "stale");
  EXPECT_EQ(problem_of(Error{.code = Code::resource_exhausted, .message = ""}).status, 507);
}

}  // namespace
}  // namespace waybill::http
