#include "core/provenance/statement.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <chrono>

#include "base/digest.h"
#include "base/json.h"
#include "core/pipeline/run.h"

namespace waybill::provenance {
namespace {

namespace bj = boost::json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

const std::string kDigest(64, 'a');
const std::string kImage(64, 'b');
constexpr const char* kCommit = "0123456789abcdef0123456789abcdef01234567";
constexpr const char* kCid = "bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy";

Task a_finished_task() {
  Task task;
  task.request.id = uuid_v5(kTaskNamespace, "a");
  task.request.kind = "container";
  task.request.definition = "thumbnail";
  task.request.spec =
      R"({"image":"reg.example/t@sha256:)" + kImage + R"(","secrets":{"TOKEN":"registry"}})";
  task.request.params = R"({"url":"https://ann:hunter2@example.org/a"})";
  task.request.labels = {{"definition.commit", kCommit},
                         {"definition.file", "t.yaml"},
                         {"definition.repository", "https://bot:hunter2@git.example/r"},
                         {"team", "x"}};
  task.created_at = from_micros(1'000'000);
  task.status = {.state = State::succeeded,
                 .fence = 3,
                 .attempt = 2,
                 .worker = "w1",
                 .started_at = from_micros(2'000'000),
                 .finished_at = from_micros(3'000'000),
                 .result = R"({"n":1})"};
  return task;
}

Artifact an_artifact(const std::string& name) {
  return {.name = name,
          .sha256 = kDigest,
          .size_bytes = 1,
          .media_type = "text/plain",
          .created_at = {}};
}

bj::value parsed(const std::string& text) { return json::parse(text).value(); }

bj::value of(const Task& task, const std::vector<Artifact>& artifacts = {}) {
  return parsed(statement_of({.task = task, .artifacts = artifacts, .ledger = "ab12"}));
}

TEST(StatementTest, ATaskIsSaidInFullAndAlwaysTheSame) {
  const Task task = a_finished_task();
  const std::vector<Artifact> artifacts = {an_artifact("out/a.txt")};
  const std::string text = statement_of({.task = task, .artifacts = artifacts, .ledger = "ab12"});
  EXPECT_EQ(text, statement_of({.task = task, .artifacts = artifacts, .ledger = "ab12"}));
  const auto value = parsed(text);
  EXPECT_EQ(value.at("_type"), "https://in-toto.io/Statement/v1");
  EXPECT_EQ(value.at("predicateType"), "https://slsa.dev/provenance/v1");
  const auto& subject = value.at("subject").at(0);
  EXPECT_EQ(subject.at("name"), "out/a.txt");
  EXPECT_EQ(subject.at("digest").at("sha256"), kDigest.c_str());
  EXPECT_EQ(value.at("subject").at(1).at("digest").at("sha256"),
            to_hex(sha256(task.status.result)).c_str());
  const auto& build = value.at("predicate").at("buildDefinition");
  EXPECT_EQ(build.at("externalParameters").at("definition"), "thumbnail");
  EXPECT_EQ(build.at("internalParameters").at("labels"), parsed(R"({"team":"x"})"));
  EXPECT_EQ(build.at("internalParameters").at("spec").at("secrets").at("TOKEN"), "registry");
  const auto& run = value.at("predicate").at("runDetails");
  EXPECT_EQ(run.at("builder").at("id"), "urn:waybill:ledger:ab12");
  EXPECT_EQ(run.at("metadata"),
            parsed(R"({"invocationId":"urn:uuid:)" + to_string(task.id()) +
                   R"(","startedOn":"1970-01-01T00:00:02Z","finishedOn":"1970-01-01T00:00:03Z",)"
                   R"("waybill_createdOn":"1970-01-01T00:00:01Z","waybill_state":"succeeded",)"
                   R"("waybill_attempt":2,"waybill_fence":3,"waybill_worker":"w1"})"));
  EXPECT_EQ(run.at("byproducts").at(0).at("content"), "eyJuIjoxfQ==");
}

TEST(StatementTest, WhatItWasMadeFromIsNamedByCommitAndDigest) {
  const auto value = of(a_finished_task());
  EXPECT_EQ(value.at("predicate").at("buildDefinition").at("resolvedDependencies"),
            parsed(R"([{"name":"definition","uri":"git+https://bot:***@git.example/r",)"
                   R"("digest":{"gitCommit":")" +
                   std::string(kCommit) +
                   R"("},"annotations":{"file":"t.yaml"}},{"name":"image",)"
                   R"("uri":"docker://reg.example/t","digest":{"sha256":")" +
                   kImage + R"("}}])"));
}

TEST(StatementTest, InputsAreFoundWhereverSpecAndParamsNameThem) {
  Task task = a_finished_task();
  task.request.kind = "repo.run";
  task.request.labels.clear();
  task.request.waits_for = {uuid_v5(kTaskNamespace, "b")};
  task.request.spec =
      R"({"base":"/srv/git","repository":"${params.repo}","commit":"${params.commit}",)"
      R"("artifact":"data"})";
  task.request.params = R"({"repo":"o/r","commit":")" + std::string(kCommit) + R"(","data":")" +
                        kDigest + R"(","files":[{"name":"x","sha256":")" + kImage +
                        R"("},{"name":"x","sha256":")" + kImage + R"("}],"cid":")" + kCid + R"("})";
  EXPECT_EQ(of(task).at("predicate").at("buildDefinition").at("resolvedDependencies"),
            parsed(R"([{"name":"repository","uri":"git+file:///srv/git/o/r",)"
                   R"("digest":{"gitCommit":")" +
                   std::string(kCommit) + R"("}},{"name":"artifact","digest":{"sha256":")" +
                   kDigest + R"("}},{"uri":"ipfs://)" + kCid + R"(","digest":{"ipfsCid":")" + kCid +
                   R"("}},{"digest":{"sha256":")" + kImage +
                   R"("},"name":"x"},{"name":"task","uri":"urn:uuid:)" +
                   to_string(uuid_v5(kTaskNamespace, "b")) + R"("}])"));
}

TEST(StatementTest, WhatWasFetchedIsAnInputAndWhatWentToIpfsIsMade) {
  Task task = a_finished_task();
  task.request = {.id = task.id(), .kind = "ipfs.addurl"};
  task.status.result = R"({"url":"https://example.org/a?key=hunter2","sha256":")" + kDigest +
                       R"(","cid":")" + kCid + R"("})";
  const auto value = of(task);
  EXPECT_EQ(value.at("predicate").at("buildDefinition").at("resolvedDependencies"),
            parsed(R"([{"name":"source","uri":"https://example.org/a","digest":{"sha256":")" +
                   kDigest + R"("}}])"));
  EXPECT_EQ(value.at("subject").at(0).at("digest").at("ipfsCid"), kCid);
  const auto said = read_statement(json::serialize(value));
  ASSERT_TRUE(said) << said.error().message;
  EXPECT_THAT(said->cids, ElementsAre(kCid));
  EXPECT_THAT(said->files, IsEmpty());
}

TEST(StatementTest, NoPasswordOfAUrlIsInIt) {
  const Task task = a_finished_task();
  const std::string text = statement_of({.task = task, .artifacts = {}, .ledger = ""});
  EXPECT_THAT(text, Not(HasSubstr("hunter2")));
  EXPECT_EQ(without_passwords("see amqp://a:p@ss@h/v, http://h/x@y:z and ftp://u@h"),
            "see amqp://a:***@h/v, http://h/x@y:z and ftp://u@h");
}

TEST(StatementTest, ATaskThatFailedSaysSoAndStillHasASubject) {
  Task task = a_finished_task();
  task.status.state = State::failed;
  task.status.result.clear();
  task.status.error = "no such host";
  const auto value = of(task);
  EXPECT_EQ(value.at("subject").as_array().size(), 1u);
  EXPECT_EQ(value.at("subject").at(0).at("digest").at("sha256"), to_hex(sha256("")).c_str());
  const auto& metadata = value.at("predicate").at("runDetails").at("metadata");
  EXPECT_EQ(metadata.at("waybill_state"), "failed");
  EXPECT_EQ(metadata.at("waybill_error"), "no such host");
}

TEST(StatementTest, ARunHasTheArtifactsAndMaterialsOfItsTasks) {
  pipeline::KeptRun run;
  run.id = uuid_v5(kTaskNamespace, "run");
  run.pipeline = "mirror";
  run.plan = kDigest;
  run.state = pipeline::RunState::succeeded;
  run.ended_at = from_micros(4'000'000);
  Task second = a_finished_task();
  second.request.id = pipeline::task_id(run.id, "b[0]");
  Task first = a_finished_task();
  first.request.id = pipeline::task_id(run.id, "a");
  second.request.waits_for = {first.id()};
  const std::vector<StepFacts> steps = {{"a", first, {an_artifact("x")}},
                                        {"b[0]", second, {an_artifact("x")}}};
  const std::string text =
      statement_of({.run = run, .steps = steps, .reused = {"c"}, .ledger = "ab12"});
  const auto value = parsed(text);
  const auto said = read_statement(text);
  ASSERT_TRUE(said) << said.error().message;
  ASSERT_EQ(said->files.size(), 2u);
  EXPECT_EQ(said->files[0].name, "a/x");
  EXPECT_EQ(said->files[1].name, "b[0]/x");
  EXPECT_EQ(said->state, "succeeded");
  EXPECT_EQ(said->invocation, "urn:uuid:" + to_string(run.id));
  const auto& build = value.at("predicate").at("buildDefinition");
  EXPECT_EQ(build.at("internalParameters").at("reused"), parsed(R"(["c"])"));
  EXPECT_EQ(build.at("resolvedDependencies").as_array().size(), 3u) << "plan, definition, image";
  const auto& step = value.at("predicate").at("runDetails").at("byproducts").at(2);
  EXPECT_EQ(step.at("name"), "b[0]");
  EXPECT_EQ(step.at("annotations").at("waybill_worker"), "w1");
}

TEST(StatementTest, WhatIsSignedAndNoStatementOfProvenanceIsRefused) {
  const Task task = a_finished_task();
  const std::string text = statement_of({.task = task, .artifacts = {}, .ledger = ""});
  for (const auto& [from, to] : std::initializer_list<std::pair<const char*, const char*>>{
           {"in-toto.io/Statement/v1", "in-toto.io/Statement/v2"},
           {"slsa.dev/provenance/v1", "slsa.dev/provenance/v2"},
           {R"("waybill://)", R"("../)"},
           {R"("waybill://)", R"("/)"},
           {R"("waybill://)", R"("a\n)"},
           {R"("waybill://)", R"("a\\)"}}) {
    std::string changed = text;
    // Of the subject, which stands last.
    changed.replace(changed.rfind(from), std::string_view(from).size(), to);
    const auto said = read_statement(changed);
    ASSERT_FALSE(said) << to;
    EXPECT_THAT(said.error().message, HasSubstr("no statement of provenance"));
  }
}

}  // namespace
}  // namespace waybill::provenance
