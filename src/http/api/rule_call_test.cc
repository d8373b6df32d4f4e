#include "http/api/rule_call.h"

#include <atomic>
#include <boost/json.hpp>

#include "core/queue_limit.h"
#include "testing/builders.h"
#include "testing/fake_people_store.h"
#include "tests/api/api_fixture.h"

namespace waybill::http {
namespace {

using namespace std::chrono_literals;

/// Lets everybody write to every repository but acme/secret; each answer takes `takes`.
class Github final : public RepositoryPermissions {
 public:
  explicit Github(SimClock& clock) : clock_(clock) {}
  Result<RepositoryRole> ask(const Question& question, const Deadline& deadline) override {
    ++asked;
    clock_.advance(takes);
    if (clock_.steady_now() > deadline.at) return fail(Code::deadline_exceeded, "too slow");
    return question.repository == "acme/secret" ? RepositoryRole::read : RepositoryRole::write;
  }
  std::atomic<int> asked = 0;
  Duration takes{};

 private:
  SimClock& clock_;
};

class RuleCallTest : public ApiFixture {
 protected:
  RuleCallTest() {
    all_.queue_rules["site"] = {.repository = "${params.repo}"};
    principals_["t"] = {.name = "github:ann", .role = Role::operator_};
    const Identity ann{.provider = "github", .subject = "17", .login = "ann"};
    EXPECT_TRUE(people_.put_person({.name = "github:ann", .identity = ann}));
    keepers_.take({{"github", {std::shared_ptr<void>(), &keeper_}}});
    ruled_parts_.rules = &rules_;
    ruled_ = Api::create(ruled_parts_, metrics_, gate_).value();
  }
  Response ruled(const std::string& target, std::string body) {
    return std::get<Response>(
        ruled_->handle(request("POST", target, std::move(body), {{"authorization", "Bearer t"}})));
  }
  static std::string task(const std::string& repository) {
    return R"({"kind":"noop","queue":"site","params":{"repo":")" + repository + "\"}}";
  }
  static std::string tasks(const std::vector<std::string>& repositories) {
    std::string list;
    for (const std::string& repository : repositories) {
      list += (list.empty() ? "" : ",") + task(repository);
    }
    return R"({"tasks":[)" + list + "]}";
  }
  static std::vector<std::string> distinct(int count) {
    std::vector<std::string> names;
    for (int i = 0; i < count; ++i) names.push_back("acme/r" + std::to_string(i));
    return names;
  }
  std::int64_t kept() { return static_cast<std::int64_t>(ledger_.page({})->tasks.size()); }

  FakePeopleStore people_;
  LoginDesk logins_{people_, clock_, {.settings = {}, .random_bytes = [](std::size_t count) {
                                        return std::string(count, 'r');
                                      }}};
  Github github_{clock_};
  PermissionKeeper keeper_{github_, clock_};
  PermissionKeepers keepers_;
  RuleDesk rules_{{.definitions = always(all_),
                   .people = people_,
                   .logins = &logins_,
                   .keepers = &keepers_,
                   .clock = clock_}};
  ApiParts ruled_parts_ = parts_;
  std::unique_ptr<Api> ruled_;
};

TEST_F(RuleCallTest, EachQuestionOfManyTasksIsAskedOnce) {
  std::vector<std::string> repositories;
  for (int i = 0; i < 100; ++i) repositories.push_back(i % 2 == 0 ? "acme/a" : "acme/b");
  EXPECT_EQ(ruled("/v1/tasks", tasks(repositories)).status, 200);
  EXPECT_EQ(github_.asked, 2);
}

TEST_F(RuleCallTest, ManyTasksHaveOneDeadlineAndNoneIsMadeIfItIsNotKept) {
  github_.takes = 1s;
  const SteadyTime began = clock_.steady_now();
  const Response answer = ruled("/v1/tasks", tasks(distinct(100)));
  EXPECT_EQ(answer.status, 503) << answer.body;
  EXPECT_NE(header(answer, "Retry-After"), "");
  EXPECT_LT(clock_.steady_now() - began, kRuleCallPatience + 9s) << "those on their way at its end";
  EXPECT_LT(github_.asked, 20);
  EXPECT_EQ(kept(), 0);
}

TEST_F(RuleCallTest, ANoComesBeforeWhatIsNotKnown) {
  github_.takes = 1s;
  std::vector<std::string> repositories = {"acme/secret"};
  for (const std::string& other : distinct(30)) repositories.push_back(other);
  std::swap(repositories[0], repositories[2]);
  const Response answer = ruled("/v1/tasks", tasks(repositories));
  EXPECT_EQ(answer.status, 403) << "it is among the first that are asked about";
  EXPECT_LE(github_.asked, 8) << "after a no nobody asks on";
  keeper_.standing({.repository = "acme/secret", .login = "ann", .subject = "17"},
                   {.at = clock_.steady_now() + 1min});
  const Response again = ruled("/v1/tasks", tasks(repositories));
  EXPECT_EQ(again.status, 403) << again.body;
  EXPECT_NE(again.body.find("/tasks/2: you may not"), std::string::npos) << again.body;
}

TEST_F(RuleCallTest, ABulkChangeLeavesAloneWhatIsNotKnownInTime) {
  principals_.erase("t");
  for (const std::string& repository : distinct(40)) create(task(repository));
  principals_["t"] = {.name = "github:ann", .role = Role::operator_};
  github_.takes = 1s;
  const Response answer = ruled("/v1/bulk/cancel", R"({"filter":{"queue":"site"}})");
  const auto result = json_of(answer);
  EXPECT_EQ(result.at("matched").as_int64(), 40) << answer.body;
  const auto& failed = result.at("failed").as_array();
  EXPECT_EQ(result.at("changed").as_int64() + static_cast<std::int64_t>(failed.size()), 40);
  ASSERT_GT(failed.size(), 20u);
  for (const auto& one : failed) EXPECT_EQ(one.at("problem").at("status").as_int64(), 503);
  EXPECT_LT(github_.asked, 20);
}

TEST_F(ApiFixture, ASubmitterAloneCannotUseUpTheQueues) {
  TaskDefinition definition;
  definition.name = "site";
  definition.kind = "noop";
  definitions_.emplace("site", definition);
  principals_["s"] = {.name = "token:s", .role = Role::submitter};
  principals_["o"] = {.name = "token:o", .role = Role::operator_};
  const auto put = [&](const std::string& token, const std::string& queue) {
    return post("/v1/tasks", R"({"definition":"site","queue":")" + queue + R"("})",
                {{"authorization", "Bearer " + token}});
  };
  EXPECT_EQ(put("s", "a").status, 201) << put("s", "a").body;
  EXPECT_EQ(put("s", "b").status, 201);
  const Response refused = put("s", "c");
  EXPECT_EQ(refused.status, 409) << refused.body;
  EXPECT_NE(refused.body.find("labels"), std::string::npos) << refused.body;
  EXPECT_EQ(put("s", "b").status, 201);
  EXPECT_EQ(put("o", "c").status, 201);
  clock_.advance(1s);
  EXPECT_EQ(put("s", "c").status, 201) << "one that is there makes none";
}

TEST_F(ApiFixture, AQueueTooManyIsAConflictThatSaysWhatToDo) {
  std::vector<TaskRequest> requests;
  for (std::size_t i = 0; i < kQueuesMax; ++i) {
    requests.push_back(a_task(static_cast<int>(i)).queue("q" + std::to_string(i)));
  }
  ASSERT_TRUE(ledger_.insert(requests).has_value());
  const Response answer = post("/v1/tasks", R"({"kind":"noop","queue":"fresh"})");
  EXPECT_EQ(answer.status, 409) << answer.body;
  EXPECT_NE(answer.body.find("take one that there is"), std::string::npos) << answer.body;
  create(R"({"kind":"noop","queue":"q7"})");
}

}  // namespace
}  // namespace waybill::http
