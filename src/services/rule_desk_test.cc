// What docs/guides/rules.md says.
#include "services/rule_desk.h"

#include <gtest/gtest.h>

#include "testing/builders.h"
#include "testing/fake_ledger.h"
#include "testing/fake_people_store.h"
#include "testing/fake_run_store.h"
#include "testing/sim_clock.h"

namespace waybill {
namespace {

using Is = RuleAnswer::Is;
using namespace std::chrono_literals;

class Github final : public RepositoryPermissions {
 public:
  Result<RepositoryRole> ask(const Question& question, const Deadline&) override {
    const auto found = roles.find(question.repository);
    if (found == roles.end()) return fail(Code::unavailable, "out of sight");
    return found->second;
  }
  std::map<std::string, RepositoryRole> roles;
};

class RuleDeskTest : public testing::Test {
 protected:
  RuleDeskTest() {
    keepers_.take({{"github", {std::shared_ptr<void>(), &keeper_}}});
    const Identity ann{.provider = "github", .subject = "17", .login = "ann"};
    EXPECT_TRUE(people_.put_person({.name = "github:ann", .identity = ann}));
    definitions_["deploy"].who_may = WhoMay{.repository = "acme/site"};
    definitions_["free"] = {};
    queues_["production"] = {.repository = "acme/infra", .permission = RepositoryRole::admin};
  }
  std::optional<RuleAnswer> may(std::string definition, std::string queue, Principal who) {
    TaskRequest task;
    task.definition = std::move(definition);
    task.queue = std::move(queue);
    return rules_.may(who, task, {});
  }
  std::optional<Is> may(std::string definition, std::string queue) {
    const auto answer = may(std::move(definition), std::move(queue), ann_);
    return answer ? std::optional<Is>(answer->is) : std::nullopt;
  }

  const Principal ann_{.name = "github:ann", .role = Role::admin};
  SimClock clock_;
  FakePeopleStore people_;
  static LoginSettings settings() {
    LoginSettings settings;
    settings.providers = {{.name = "github"}};
    settings.default_role = Role::submitter;
    return settings;
  }
  LoginDesk logins_{
      people_, clock_, {.settings = settings(), .random_bytes = [](std::size_t count) {
                          return std::string(count, 'r');
                        }}};
  Github github_;
  PermissionKeeper keeper_{github_, clock_, {.kept = {}, .refused_kept = {}, .error_kept = {}}};
  PermissionKeepers keepers_;
  Definitions all_;
  std::map<std::string, TaskDefinition>& definitions_ = all_.tasks;
  WhoMayByName& queues_ = all_.queue_rules;
  FakeLedger ledger_{clock_};
  FakeRunStore runs_{ledger_};
  RuleDesk rules_{{.definitions = always(all_),
                   .people = people_,
                   .logins = &logins_,
                   .keepers = &keepers_,
                   .clock = clock_,
                   .runs = &runs_}};
};

TEST_F(RuleDeskTest, AStepIsRunForWhoStartedItsRun) {
  const Uuid id = uuid_v5(kTaskNamespace, "run");
  ASSERT_TRUE(runs_.create({.run = {.id = id,
                                    .pipeline = "p",
                                    .plan = pipeline::plan_digest(""),
                                    .priority = {},
                                    .reuse_from = {},
                                    .anew = {},
                                    .created_by = "github:ann",
                                    .outputs = {},
                                    .error = {},
                                    .stop = {}},
                            .plan = ""}));
  Task task;
  task.request.definition = "deploy";
  task.request.created_by = "run:" + to_string(id);
  github_.roles = {{"acme/site", RepositoryRole::write}};
  EXPECT_EQ(rules_.may_run(task, ledger_, {})->is, Is::allowed);
  github_.roles = {{"acme/site", RepositoryRole::read}};
  clock_.advance(1h);
  EXPECT_EQ(rules_.may_run(task, ledger_, {})->is, Is::denied) << "no more";
  task.request.created_by = "run:" + to_string(uuid_v5(kTaskNamespace, "another"));
  EXPECT_EQ(rules_.may_run(task, ledger_, {}), std::nullopt) << "nobody knows whose it is";
}

TEST_F(RuleDeskTest, ARuleOfSomethingElseIsAskedByItself) {
  github_.roles = {{"acme/site", RepositoryRole::write}};
  const WhoMay rule{.repository = "${params.repo}"};
  EXPECT_EQ(rules_.may_by(ann_, rule, R"({"repo": "acme/site"})", {}).is, Is::allowed);
  EXPECT_EQ(rules_.may_by(ann_, rule, "{}", {}).is, Is::denied);
}

TEST_F(RuleDeskTest, WhereADefinitionAndItsQueueHaveARuleBothHaveToLet) {
  github_.roles = {{"acme/site", RepositoryRole::write}, {"acme/infra", RepositoryRole::write}};
  EXPECT_EQ(may("deploy", "default"), Is::allowed);
  EXPECT_EQ(may("deploy", "production"), Is::denied) << "the queue's";
  github_.roles = {{"acme/site", RepositoryRole::read}, {"acme/infra", RepositoryRole::admin}};
  EXPECT_EQ(may("deploy", "production"), Is::denied) << "the definition's";
  github_.roles["acme/site"] = RepositoryRole::maintain;
  EXPECT_EQ(may("deploy", "production"), Is::allowed);
}

TEST_F(RuleDeskTest, ANoIsTheAnswerEvenIfTheOtherRuleIsNotKnown) {
  github_.roles = {{"acme/infra", RepositoryRole::write}};
  EXPECT_EQ(may("deploy", "production"), Is::denied);
  github_.roles = {{"acme/infra", RepositoryRole::admin}};
  EXPECT_EQ(may("deploy", "production"), Is::unknown);
}

TEST_F(RuleDeskTest, ATaskWithoutADefinitionIsHeldToItsQueue) {
  github_.roles = {{"acme/infra", RepositoryRole::write}};
  EXPECT_EQ(may("", "production"), Is::denied) << "an admin's role does not get around it";
  github_.roles = {{"acme/infra", RepositoryRole::admin}};
  EXPECT_EQ(may("", "production"), Is::allowed);
  EXPECT_EQ(may("", "default"), std::nullopt);
}

TEST_F(RuleDeskTest, AFreeDefinitionIsHeldToItsQueueToo) {
  github_.roles = {{"acme/infra", RepositoryRole::write}};
  EXPECT_EQ(may("free", "production"), Is::denied);
  EXPECT_EQ(may("free", "default"), std::nullopt);
}

TEST_F(RuleDeskTest, OfADefinitionThatIsGoneOnlyTheQueueHasARule) {
  definitions_.erase("deploy");
  github_.roles = {{"acme/infra", RepositoryRole::write}};
  EXPECT_EQ(may("deploy", "default"), std::nullopt);
  EXPECT_EQ(may("deploy", "production"), Is::denied);
}

TEST_F(RuleDeskTest, GoesByTheKeepersOfNow) {
  github_.roles = {{"acme/site", RepositoryRole::none}};
  EXPECT_EQ(may("deploy", "default"), Is::denied);
  Github other;
  other.roles = {{"acme/site", RepositoryRole::write}};
  PermissionKeeper keeper(other, clock_);
  keepers_.take({{"github", {std::shared_ptr<void>(), &keeper}}});
  EXPECT_EQ(may("deploy", "default"), Is::allowed);
  keepers_.take({});
  EXPECT_EQ(may("deploy", "default"), Is::unknown);
}

TEST_F(RuleDeskTest, ATokenIsNobodyWhomGithubKnows) {
  const auto answer = may("deploy", "default", {.name = "token:a", .role = Role::admin});
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(answer->is, Is::denied);
  EXPECT_NE(answer->because.find("token:a is nobody"), std::string::npos) << answer->because;
}

TEST_F(RuleDeskTest, ATaskOfWhichItStaysUnknownIsPutOffMoreAndMoreAndFailsAfterADay) {
  FakeLedger ledger(clock_);
  TaskRequest request = a_task(1).queue("production");
  request.created_by = "github:ann";
  ASSERT_TRUE(ledger.insert(std::span(&request, 1)));
  const auto run = [&] {
    const Overdue overdue = ledger.overdue(10).value();
    for (const Task& task : overdue.tasks) {
      const Change due = transition(task, event::Due{}, {.now = clock_.now()}).value();
      EXPECT_TRUE(ledger.apply(std::span(&due, 1)));
    }
    auto claimed = ledger.claim({.worker = "w", .limit = 1, .lease = 30s}).value();
    return let_run(rules_, ledger, ledger, std::move(claimed), {}).size();
  };
  const Time began = clock_.now();
  EXPECT_EQ(run(), 0U);
  Task task = ledger.get(task_id(1)).value();
  EXPECT_EQ(task.status.run_at, began + 1min);
  const std::string reason = ledger.history(task_id(1))->back().reason;
  EXPECT_EQ(reason.find("not known since " + format_time(began) + ": it is not known"), 0U)
      << reason;
  int times = 0;
  while (task.status.state == State::scheduled && ++times < 1000) {
    clock_.advance(task.status.run_at - clock_.now());
    EXPECT_EQ(run(), 0U);
    task = ledger.get(task_id(1)).value();
  }
  EXPECT_EQ(task.status.state, State::failed);
  EXPECT_GE(clock_.now(), began + 24h);
  EXPECT_LT(clock_.now(), began + 25h);
  EXPECT_LT(times, 120) << "its history stays short";
  EXPECT_EQ(task.status.error.find("not run: for 24h it is not known"), 0U) << task.status.error;
}

TEST_F(RuleDeskTest, ATimeInWhichNobodyAskedIsNoTimeInWhichItStayedUnknown) {
  FakeLedger ledger(clock_);
  TaskRequest request = a_task(1).queue("production");
  request.created_by = "github:ann";
  ASSERT_TRUE(ledger.insert(std::span(&request, 1)));
  const auto run = [&] {
    const Overdue overdue = ledger.overdue(10).value();
    for (const Task& task : overdue.tasks) {
      const Change due = transition(task, event::Due{}, {.now = clock_.now()}).value();
      EXPECT_TRUE(ledger.apply(std::span(&due, 1)));
    }
    auto claimed = ledger.claim({.worker = "w", .limit = 1, .lease = 30s}).value();
    return let_run(rules_, ledger, ledger, std::move(claimed), {}).size();
  };
  EXPECT_EQ(run(), 0U);
  clock_.advance(60h);
  const Time monday = clock_.now();
  EXPECT_EQ(run(), 0U);
  const Task task = ledger.get(task_id(1)).value();
  EXPECT_EQ(task.status.state, State::scheduled);
  EXPECT_EQ(task.status.run_at, monday + 1min);
  clock_.advance(1min + 29min);
  EXPECT_EQ(run(), 0U);
  const std::string reason = ledger.history(task_id(1))->back().reason;
  EXPECT_EQ(reason.find("not known since " + format_time(monday)), 0U) << reason;
}

TEST_F(RuleDeskTest, TwoTasksOfTheSameSubjectGetTheSameAnswer) {
  definitions_["build"].who_may = WhoMay{.repository = "${params.repo}"};
  const auto subject = [&](std::string definition, std::string queue, std::string params) {
    TaskRequest task;
    task.definition = std::move(definition);
    task.queue = std::move(queue);
    task.params = std::move(params);
    return rules_.subject_of(task);
  };
  EXPECT_EQ(subject("free", "default", "{}"), "");
  const std::string a = subject("build", "default", R"({"repo":"a/b"})");
  EXPECT_EQ(subject("build", "default", R"({"repo":"a/b","more":1})"), a);
  EXPECT_NE(subject("build", "default", R"({"repo":"a/c"})"), a);
  EXPECT_NE(subject("build", "production", R"({"repo":"a/b"})"), a);
  EXPECT_NE(subject("deploy", "default", "{}"), subject("deploy", "production", "{}"));
}

}  // namespace
}  // namespace waybill
