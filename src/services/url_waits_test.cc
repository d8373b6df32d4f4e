#include "services/url_waits.h"

#include <gmock/gmock.h>

#include <string>
#include <vector>

#include "testing/fake_http_client.h"
#include "testing/sim_clock.h"

namespace waybill {
namespace {

using std::chrono::seconds;

constexpr int kPlaces = 20;

TEST(UrlWaits, UrlsThatNeverAnswerKeepNoOthersFromBeingAsked) {
  SimClock clock;
  FakeHttpClient http([](const HttpRequest& request) -> HttpResponse {
    const bool answers = request.url.ends_with("/19");
    return {.status = answers ? 200 : 503, .headers = {}, .body = {}};
  });
  UrlWaits waits(http, clock);
  pipeline::Wait wait{.kind = pipeline::WaitKind::http,
                      .url = {},
                      .statuses = {200},
                      .every = seconds(1),
                      .who_may = {}};
  for (int i = 0; i < kPlaces; ++i) {
    wait.url = "https://x.example/" + std::to_string(i);
    waits.put({.run = {}, .path = std::string(1, static_cast<char>('a' + i))}, wait);
  }
  std::vector<UrlWaits::Answered> answered;
  // 20 places, 8 at once: each has had its turn after three rounds, though all are due in each.
  for (int round = 0; round < 3; ++round) {
    ASSERT_TRUE(waits.step({.at = clock.steady_now() + seconds(10)}));
    clock.advance(seconds(1));
    for (const auto& each : waits.take()) answered.push_back(each);
  }
  ASSERT_EQ(answered.size(), 1u);
  EXPECT_EQ(answered[0].place.path, "t");
  EXPECT_EQ(answered[0].status, 200);
}

TEST(UrlWaits, WhatIsDroppedIsAskedNoMore) {
  SimClock clock;
  FakeHttpClient http(
      [](const HttpRequest&) { return HttpResponse{.status = 200, .headers = {}, .body = {}}; });
  UrlWaits waits(http, clock);
  const pipeline::Wait wait{.kind = pipeline::WaitKind::http,
                            .url = "https://x.example/",
                            .statuses = {200},
                            .every = seconds(1),
                            .who_may = {}};
  waits.put({.run = {}, .path = "a"}, wait);
  waits.put({.run = {}, .path = "b"}, wait);
  waits.drop({.run = {}, .path = "a"});
  waits.drop_run({});
  ASSERT_TRUE(waits.step({.at = clock.steady_now() + seconds(10)}));
  EXPECT_TRUE(http.requests().empty());
  EXPECT_TRUE(waits.take().empty());
}

}  // namespace
}  // namespace waybill
