// An Idempotency-Key that is repeated after an upgrade: tasks that an older server made under it
// have dedup keys of another form.

#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "base/digest.h"
#include "testing/builders.h"
#include "tests/api/api_fixture.h"

namespace waybill::http {
namespace {

constexpr char kWho[] = "local";

class OlderKeyTest : public ApiFixture {
 protected:
  /// As servers before 27 November 2026 made the tasks of such a call.
  void make_as_before(const std::string& key, const std::string& body, int tasks) {
    std::vector<TaskRequest> requests;
    for (int i = 0; i < tasks; ++i) {
      const std::string index = std::to_string(i);
      const std::string digest = sha256(kWho + ("\n" + key) + "\n" + index + "\n" + body);
      TaskRequest task = a_task(1).dedup("idempotency/" + to_hex(digest).substr(0, 32));
      task.created_by = kWho;
      task.id =
          uuid_v5(kTaskNamespace, "idempotency/" + std::string(kWho) + "/" + key + "/" + index);
      requests.push_back(std::move(task));
    }
    ASSERT_TRUE(ledger_.insert(requests));
  }
  std::size_t tasks() { return ledger_.page({.limit = 100})->tasks.size(); }
};

TEST_F(OlderKeyTest, OneTaskIsAnsweredAgain) {
  const std::string body = R"({"kind":"noop"})";
  make_as_before("k", body, 1);
  const Response again = post("/v1/tasks", body, {{"idempotency-key", "k"}});
  EXPECT_EQ(again.status, 201) << again.body;
  EXPECT_EQ(header(again, "Idempotent-Replayed"), "true");
  EXPECT_EQ(tasks(), 1u);
}

TEST_F(OlderKeyTest, ManyTasksAreAnsweredAgain) {
  const std::string body = R"({"tasks":[{"kind":"noop"},{"kind":"noop"},{"kind":"noop"}]})";
  make_as_before("k", body, 3);
  const Response again = post("/v1/tasks", body, {{"idempotency-key", "k"}});
  EXPECT_EQ(again.status, 200) << again.body;
  EXPECT_EQ(header(again, "Idempotent-Replayed"), "true");
  EXPECT_EQ(tasks(), 3u);
}

TEST_F(OlderKeyTest, AnotherBodyIsAnotherRequest) {
  make_as_before("k", R"({"kind":"noop"})", 1);
  const Response other =
      post("/v1/tasks", R"({"kind":"noop","priority":1})", {{"idempotency-key", "k"}});
  EXPECT_EQ(other.status, 422) << other.body;
  EXPECT_EQ(tasks(), 1u);
}

}  // namespace
}  // namespace waybill::http
