#include "ports/http_client.h"

#include <gtest/gtest.h>

namespace waybill {
namespace {

using namespace std::chrono_literals;

Duration asked_for(int status, const std::string& value) {
  const Time now = *parse_time("1994-11-06T08:49:30Z");
  return retry_after({.status = status, .headers = {{"retry-after", value}}}, now);
}

TEST(HttpClient, TheFirstHeaderOfANameIsFound) {
  const HttpResponse response{.headers = {{"etag", "\"a\""}, {"etag", "\"b\""}}};
  EXPECT_EQ(header(response, "etag"), "\"a\"");
  EXPECT_EQ(header(response, "date"), "");
}

TEST(HttpClient, RetryAfterIsSecondsOrADate) {
  EXPECT_EQ(asked_for(503, "7"), 7s);
  EXPECT_EQ(asked_for(429, "Sun, 06 Nov 1994 08:49:37 GMT"), 7s);
  EXPECT_EQ(asked_for(429, "Sun, 06 Nov 1994 08:49:20 GMT"), 0s) << "it is over";
}

TEST(HttpClient, RetryAfterThatIsNoneOrNonsenseIsZero) {
  EXPECT_EQ(asked_for(404, "7"), 0s) << "not an answer that asks to come again";
  for (const char* text : {"", "soon", "-5", "7s", "Sun, 06 Nov 1994"}) {
    EXPECT_EQ(asked_for(503, text), 0s) << text;
  }
  EXPECT_EQ(asked_for(503, "99999999999999999999"), 24h) << "nobody is believed for more than that";
}

}  // namespace
}  // namespace waybill
