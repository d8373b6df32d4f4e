#include "core/task.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

namespace waybill {
namespace {

TaskRequest good() {
  TaskRequest request{.kind = "command"};
  request.id.bytes[0] = 1;
  return request;
}

TEST(State, NamesAreReadBack) {
  for (int number = 0; number < kStateCount; ++number) {
    const auto state = static_cast<State>(number);
    EXPECT_EQ(parse_state(to_string(state)), state);
  }
  EXPECT_EQ(parse_state("done"), std::nullopt);
  EXPECT_EQ(parse_state(""), std::nullopt);
}

TEST(State, ThreeOfThemAreFinal) {
  for (const State state : {State::succeeded, State::failed, State::cancelled}) {
    EXPECT_TRUE(is_finished(state));
  }
  for (const State state : {State::blocked, State::scheduled, State::ready, State::leased}) {
    EXPECT_FALSE(is_finished(state));
  }
}

TEST(IsName, TakesWhatIsSafeInPathsKeysAndLabels) {
  for (const char* name : {"a", "default", "intake-2.eu_west", "0"}) EXPECT_TRUE(is_name(name));
  for (const char* name : {"", "A", "a b", "a/b", "caf\u00e9", "a\n"}) EXPECT_FALSE(is_name(name));
  EXPECT_TRUE(is_name(std::string(kNameBytesMax, 'x')));
  EXPECT_FALSE(is_name(std::string(kNameBytesMax + 1, 'x')));
}

TEST(CheckRequest, TakesAGoodOne) {
  const Status status = check_request(good());
  EXPECT_TRUE(status) << status.error().message;
}

TEST(CheckRequest, NamesTheFieldThatIsWrong) {
  struct Case {
    const char* field;
    std::function<void(TaskRequest&)> spoil;
  };
  for (const Case& c : std::initializer_list<Case>{
           {"id", [](TaskRequest& r) { r.id = {}; }},
           {"queue", [](TaskRequest& r) { r.queue = ""; }},
           {"queue", [](TaskRequest& r) { r.queue = "Default"; }},
           {"kind", [](TaskRequest& r) { r.kind = "no such/kind"; }},
           {"definition", [](TaskRequest& r) { r.definition.assign(201, 'd'); }},
           {"priority", [](TaskRequest& r) { r.priority = 101; }},
           {"priority", [](TaskRequest& r) { r.priority = -101; }},
           {"params", [](TaskRequest& r) { r.params.assign(kParamsBytesMax + 1, ' '); }},
           {"timeout", [](TaskRequest& r) { r.run_time_max = Duration(-1); }},
           {"dedup_key", [](TaskRequest& r) { r.dedup_key.assign(1025, 'k'); }},
           {"labels",
            [](TaskRequest& r) {
              r.labels = {{"", "x"}};
            }},
           {"labels",
            [](TaskRequest& r) {
              r.labels = {{"a=b", "x"}};
            }},
           {"labels",
            [](TaskRequest& r) {
              r.labels = {{"a\n", "x"}};
            }},
           {"labels",
            [](TaskRequest& r) {
              r.labels = {{std::string(201, 'n'), "x"}};
            }},
           {"labels",
            [](TaskRequest& r) {
              r.labels = {{"a", std::string(1001, 'v')}};
            }},
           {"labels",
            [](TaskRequest& r) {
              r.labels = {{"a", std::string("\0", 1)}};
            }},
           {"labels",
            [](TaskRequest& r) {
              r.labels = Labels(101, {"a", "b"});
            }},
           {"waits_for", [](TaskRequest& r) { r.waits_for = {r.id}; }},
           {"retry.failures", [](TaskRequest& r) { r.retry.failures_max = 0; }}}) {
    TaskRequest request = good();
    c.spoil(request);
    const Status status = check_request(request);
    ASSERT_FALSE(status) << c.field;
    EXPECT_EQ(status.error().code, Code::invalid_argument);
    EXPECT_THAT(status.error().message, ::testing::StartsWith(c.field));
  }
}

}  // namespace
}  // namespace waybill
