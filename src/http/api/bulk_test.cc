#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <string>

#include "base/json.h"
#include "tests/api/api_fixture.h"

namespace waybill::http {
namespace {

class BulkTest : public ApiFixture {};

TEST_F(BulkTest, ChangesManyAndSaysBeforehandHowMany) {
  for (int i = 0; i < 3; ++i) create(R"({"kind":"noop","queue":"a"})");
  create(R"({"kind":"noop","queue":"b"})");
  const auto preview =
      json_of(post("/v1/bulk/cancel", R"({"filter":{"queue":"a"},"preview":true})"));
  EXPECT_EQ(preview.at("matched"), 3);
  EXPECT_EQ(preview.at("changed"), 0);
  const auto changed = json_of(post("/v1/bulk/cancel", R"({"filter":{"queue":"a"}})"));
  EXPECT_EQ(changed.at("changed"), 3);
  EXPECT_EQ(ledger_.page({.filter = {.states = {State::cancelled}}})->tasks.size(), 3u);
}

TEST_F(BulkTest, OfManyTakesThoseAloneThatCanBeChanged) {
  const std::string id = create();
  for (const bool preview : {true, false}) {
    for (const char* states : {R"(["ready"])", R"(["succeeded","ready"])"}) {
      const std::string body = R"({"filter":{"states":)" + std::string(states) + R"(},"preview":)" +
                               (preview ? "true}" : "false}");
      const auto answer = json_of(post("/v1/bulk/retry", body));
      EXPECT_EQ(answer.at("matched"), 0) << body;
      EXPECT_TRUE(answer.at("failed").get_array().empty()) << body;
      EXPECT_EQ(answer.at("more"), false) << body;
    }
  }
  EXPECT_EQ(json_of(post("/v1/bulk/cancel", R"({"filter":{"states":["ready"]}})")).at("changed"),
            1);
  EXPECT_EQ(json_of(post("/v1/bulk/retry", R"({"filter":{"states":["ready","cancelled"]}})"))
                .at("changed"),
            1);
  EXPECT_EQ(json_of(get("/v1/tasks/" + id)).at("state"), "ready");
}

}  // namespace
}  // namespace waybill::http
