// Repositories that are built and run, by real git and real podman.

#include <stdlib.h>

#include "adapters/git/source_trees.h"
#include "adapters/local/system_clock.h"
#include "kinds/command/container_group.h"
#include "kinds/command/repo_run.h"
#include "tests/containers/container_fixture.h"

namespace waybill {
namespace {

class RepoRunTest : public ContainerTest {
 protected:
  void SetUp() override {
    ContainerTest::SetUp();
    if (IsSkipped()) return;
    repository_ = context_.scratch_directory() + "-repositories/acme/site";
    std::filesystem::create_directories(repository_);
    shell("git init --quiet --initial-branch=main .");
  }
  void TearDown() override {
    std::filesystem::remove_all(context_.scratch_directory() + "-repositories");
  }
  void shell(const std::string& script) const {
    const std::string all =
        "cd '" + repository_ +
        "' && export GIT_CONFIG_GLOBAL=/dev/null GIT_AUTHOR_NAME=a "
        "GIT_AUTHOR_EMAIL=a@b GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@b && " +
        script;
    ASSERT_EQ(std::system(all.c_str()), 0) << script;
  }
  void put(const std::string& name, const std::string& text) const {
    std::ofstream(repository_ + "/" + name) << text;
  }
  /// Commits what is there, and answers the commit.
  std::string commit() const {
    shell("git add . && git commit --quiet --message x && git rev-parse HEAD > ../commit");
    std::string id;
    std::ifstream(repository_ + "/../commit") >> id;
    return id;
  }
  Outcome run_at(const std::string& commit, const std::string& more = "") {
    Task task;
    const std::string base = context_.scratch_directory() + "-repositories";
    task.request = own_task()
                       .kind("repo.run")
                       .definition("run")
                       .spec(R"({"base":")" + base + R"(","repository":"${params.repo}",)" +
                             R"("commit":"${params.commit}")" + more + "}")
                       .params(R"({"repo":"acme/site","commit":")" + commit +
                               R"(","url":"https://example.org/","file":")" + kFile + "\"}");
    task.status.attempt = 1;
    task.status.fence = fence_;
    RepoRunKind kind(podman_, std::make_unique<git::RemoteTrees>(git::Access{}, system_clock_));
    EXPECT_TRUE(kind.check(task.request));
    return kind.run(task, context_);
  }

  inline static const std::string kFile = std::string(64, 'd');  ///< SHA-256 of an artifact
  std::uint64_t fence_ = 1;
  SystemClock system_clock_;
  std::string repository_;
};

TEST_F(RepoRunTest, BuildsTheDockerfileOfACommitAndRunsIt) {
  put("hello", "from the repository\n");
  put("Dockerfile", "FROM " + image_ +
                        "\nCOPY hello /hello\nRUN cat /hello > /built; ip -o link | wc -l; "
                        "grep CapBnd /proc/self/status\n"
                        "VOLUME /data\nENTRYPOINT [\"sh\", \"-c\"]\n"
                        "CMD [\"cat /built; id -u; echo \\\"$WAYBILL_PARAMS\\\"; "
                        "touch /data/x; echo kept > $WAYBILL_ARTIFACTS/a\"]\n");
  const std::string first = commit();
  put("Dockerfile", "FROM scratch\n");
  commit();
  const Outcome outcome = run_at(first);
  ASSERT_TRUE(succeeded(outcome)) << everything() << failure(outcome).error;
  EXPECT_NE(out().find("from the repository\n65534\n{\"repo\":\"acme/site\""), std::string::npos)
      << out();
  // Its volume is no way to write to the machine's disk.
  EXPECT_NE(context_.logged(LogStream::err).find("touch: /data/x: "), std::string::npos);
  // Its steps see no network but their own loopback, and may do what installing takes.
  EXPECT_NE(out().find("\n1\nCapBnd:\t00000000000000db\n"), std::string::npos) << out();
  ASSERT_EQ(context_.kept_files.size(), 1u);
  EXPECT_EQ(context_.kept_files[0].bytes, "kept\n");
  EXPECT_EQ(left(), "");
  // Nothing of the image is in the worker's store.
  const auto images = podman_->call({"images", "--all", "--quiet"});
  EXPECT_EQ(images->out.size(), 13u) << images->out;
}

TEST_F(RepoRunTest, AnArtifactIsWhereItIsToldAndWhatItMakesOfThatIsKept) {
  context_.contents = {{kFile, "a,b\n"}};
  put("Dockerfile", "FROM " + image_ +
                        "\nENTRYPOINT [\"sh\", \"-c\"]\n"
                        "CMD [\"echo \\\"$WAYBILL_ARTIFACT\\\"; cat \\\"$WAYBILL_ARTIFACT\\\"; "
                        "touch \\\"$WAYBILL_ARTIFACT\\\"; "
                        "wc -c < $WAYBILL_ARTIFACT > $WAYBILL_ARTIFACTS/size; "
                        "echo '{\\\"output\\\":{\\\"n\\\":4}}' >&3\"]\n");
  const std::string at = commit();
  const Outcome outcome = run_at(at, R"(,"artifact":"file")");
  ASSERT_TRUE(succeeded(outcome)) << everything() << failure(outcome).error;
  EXPECT_TRUE(out().ends_with("/run/waybill/artifact\na,b\n")) << out();
  EXPECT_NE(context_.logged(LogStream::err).find("Read-only file system"), std::string::npos);
  EXPECT_EQ(std::get<outcome::Succeeded>(outcome).result, R"({"n":4})");
  ASSERT_EQ(context_.kept_files.size(), 1u);
  EXPECT_EQ(context_.kept_files[0].bytes, "4\n");
  EXPECT_EQ(left(), "");
}

TEST_F(RepoRunTest, AnArtifactThatIsNotKeptAnyMoreIsNamed) {
  put("Dockerfile", "FROM " + image_ + "\n");
  const auto failed = failure(run_at(commit(), R"(,"artifact":"file")"));
  EXPECT_EQ(failed.failure_class, FailureClass::permanent);
  EXPECT_NE(failed.error.find("the artifact " + kFile), std::string::npos) << failed.error;
}

TEST_F(RepoRunTest, AProcessIsGivenTheFilesThatItsSpecNames) {
  context_.contents = {{kFile, "a,b\n"}};
  put("Procfile",
      "scrape: cat $WAYBILL_INPUTS/in.csv; cp $WAYBILL_INPUTS/in.csv $WAYBILL_ARTIFACTS\n");
  const Outcome outcome =
      run_at(commit(), R"(,"process":"scrape","inputs":[{"name":"in.csv","sha256":")" + kFile +
                           R"(","size_bytes":4}],"image":")" + image_ + "\"");
  ASSERT_TRUE(succeeded(outcome)) << everything() << failure(outcome).error;
  EXPECT_TRUE(out().ends_with("a,b\n")) << out();
  ASSERT_EQ(context_.kept_files.size(), 1u);
  EXPECT_EQ(context_.kept_files[0].bytes, "a,b\n");
}

TEST_F(RepoRunTest, AStepThatFailsFailsTheTaskForGood) {
  put("Dockerfile", "FROM " + image_ + "\nRUN echo no luck; exit 3\n");
  const auto failed = failure(run_at(commit()));
  EXPECT_EQ(failed.failure_class, FailureClass::permanent);
  EXPECT_NE(failed.error.find("the image could not be built: "), std::string::npos) << failed.error;
  EXPECT_NE(out().find("no luck"), std::string::npos);
  EXPECT_EQ(left(), "");
}

TEST_F(RepoRunTest, ABuildReachesNoNetworkEvenByADD) {
  put("Dockerfile", "FROM " + image_ + "\nADD http://127.0.0.1:1/x /x\n");
  const auto failed = failure(run_at(commit()));
  EXPECT_NE(failed.error.find("could not be built"), std::string::npos) << failed.error;
  EXPECT_NE(everything().find("network is unreachable"), std::string::npos) << everything();
}

TEST_F(RepoRunTest, AStepThatMountsIsNotBuilt) {
  put("Dockerfile", "FROM " + image_ +
                        "\nRUN --mo\\\n# a comment\nunt=type=cache,id=../../../../../../../..,"
                        "target=/host ls /host\n");
  const auto failed = failure(run_at(commit()));
  EXPECT_EQ(failed.failure_class, FailureClass::permanent);
  EXPECT_NE(failed.error.find("has --mount"), std::string::npos) << failed.error;
  EXPECT_EQ(out(), "");
}

TEST_F(RepoRunTest, ABuildIsEndedByACancelAndLeavesNothing) {
  put("Dockerfile", "FROM " + image_ + "\nRUN echo star\"\"ted; sleep 1000 & sleep 1000\n");
  const std::string at = commit();
  std::jthread stopper([&] {
    context_.await_output("started");
    context_.request_stop();
  });
  const Outcome outcome = run_at(at, R"(,"grace":"1s")");
  EXPECT_TRUE(std::holds_alternative<outcome::Stopped>(outcome)) << everything();
  EXPECT_EQ(left(), "");
  EXPECT_EQ(processes_of(context_.scratch_directory()), "");
}

TEST_F(RepoRunTest, TheStepsOfABuildShareItsLimitOfProcesses) {
  put("Dockerfile",
      "FROM " + image_ + "\nRUN for i in $(seq 40); do sleep 1000 & done; echo all of the\"\"m\n");
  const auto failed = failure(run_at(commit(), R"(,"build_limits":{"processes":20})"));
  EXPECT_EQ(failed.failure_class, FailureClass::permanent);
  EXPECT_NE(context_.logged(LogStream::err).find("can't fork"), std::string::npos) << everything();
  EXPECT_EQ(out().find("all of them"), std::string::npos);
  EXPECT_EQ(left(), "");
  EXPECT_EQ(remains_of(context_.scratch_directory()), "");
}

TEST_F(RepoRunTest, ABuildThatFillsItsDiskFillsNoOther) {
  put("Dockerfile", "FROM " + image_ + "\nRUN dd if=/dev/zero of=/big bs=64k\n");
  const auto failed = failure(run_at(commit(), R"(,"build_limits":{"disk":"32MiB"})"));
  EXPECT_EQ(failed.failure_class, FailureClass::permanent);
  EXPECT_NE(failed.error.find("the disk of a build has 32MiB: raise build_limits.disk"),
            std::string::npos)
      << failed.error << everything();
  EXPECT_EQ(left(), "");
  EXPECT_EQ(remains_of(context_.scratch_directory()), "");
}

TEST_F(RepoRunTest, ABuildOverItsMemoryIsToldSo) {
  put("Dockerfile", "FROM " + image_ + "\nRUN tail -c 200000000 /dev/zero\n");
  const auto failed = failure(run_at(commit(), R"(,"build_limits":{"memory":"32MiB"})"));
  EXPECT_EQ(failed.failure_class, FailureClass::permanent);
  EXPECT_NE(failed.error.find("it went over the memory limit of 32MiB; raise build_limits.memory"),
            std::string::npos)
      << failed.error << everything();
}

TEST_F(RepoRunTest, ABuildThatTakesTooLongIsKilledThoughItIgnoresSigterm) {
  put("Dockerfile",
      "FROM " + image_ + "\nRUN trap '' TERM; sleep 1000 & while :; do sleep 1; done\n");
  const auto failed = failure(run_at(commit(), R"(,"build_limits":{"time":"3s"})"));
  EXPECT_EQ(failed.failure_class, FailureClass::permanent);
  EXPECT_NE(failed.error.find("it went on for longer than 3s; raise build_limits.time"),
            std::string::npos)
      << failed.error << everything();
  EXPECT_EQ(left(), "");
  EXPECT_EQ(remains_of(context_.scratch_directory()), "");
}

TEST_F(RepoRunTest, OfWhatABuildPrintsTheLimitOfOutputIsKept) {
  put("Dockerfile", "FROM " + image_ + "\nRUN seq 1 200000; exit 3\n");
  failure(run_at(commit(), R"(,"limits":{"output":"64KiB"})"));
  EXPECT_LE(out().size() + context_.logged(LogStream::err).size(), 64u << 10);
  EXPECT_NE(context_.logged(LogStream::system).find("[output cut: 64KiB are kept"),
            std::string::npos);
}

TEST_F(RepoRunTest, NothingIsLeftOfABuildWhoseWorkerAndSupervisorAreKilledAtOnce) {
  put("Dockerfile",
      "FROM " + image_ + "\nRUN trap '' TERM; sleep 1000 & echo star\"\"ted; sleep 1000\n");
  const std::string at = commit();
  kill_both_when("started", [&] { run_at(at); });
  EXPECT_EQ(processes_of(context_.scratch_directory()), "");
  // What is made of it next is not in its way.
  fence_ = 2;
  std::filesystem::remove_all(context_.scratch_directory());
  std::filesystem::create_directory(context_.scratch_directory());
  put("Dockerfile", "FROM " + image_ + "\nCMD [\"sh\", \"-c\", \"echo again\"]\n");
  EXPECT_TRUE(succeeded(run_at(commit()))) << everything();
  EXPECT_EQ(remains_of(context_.scratch_directory()), "");
}

TEST_F(RepoRunTest, NothingIsLeftOfWhatWasBuiltWhenWorkerAndSupervisorAreKilledAtOnce) {
  put("Dockerfile", "FROM " + image_ +
                        "\nCMD [\"sh\", \"-c\", \"trap '' TERM; echo ready; while :; do sleep 1; "
                        "done\"]\n");
  const std::string at = commit();
  kill_both_when("ready\n", [&] { run_at(at); });
  end_containers_of_gone_workers();
  EXPECT_EQ(remains_of(context_.scratch_directory()), "");
}

TEST_F(RepoRunTest, RunsAProcessOfTheProcfileInTheImageThatIsSaid) {
  put("Procfile", "web: exit 9\nscrape: cat \"$1\"; pwd; touch /app/x\n");
  put("data", "of the repository\n");
  const std::string at = commit();
  const Outcome outcome = run_at(
      at, R"(,"process":"scrape","args":["/app/data"],"exit_codes":{"1":"succeeded"},"image":")" +
              image_ + "\"");
  ASSERT_TRUE(succeeded(outcome)) << everything();
  EXPECT_TRUE(out().ends_with("of the repository\n/app\n")) << everything();
  EXPECT_NE(context_.logged(LogStream::err).find("Read-only file system"), std::string::npos);
}

TEST_F(RepoRunTest, SaysWhatTheRepositoryLacks) {
  put("data", "x");
  const auto failed = failure(run_at(commit()));
  EXPECT_EQ(failed.failure_class, FailureClass::permanent);
  EXPECT_EQ(failed.error, "the repository has no Dockerfile at that commit");
}

TEST(RepoRun, ATaskWithoutADefinitionIsRefused) {
  const RepoRunKind kind;
  const auto checked = kind.check(
      a_task(1)
          .kind("repo.run")
          .definition("")
          .spec(R"({"repository":"a/b","commit":"0123456789012345678901234567890123456789"})"));
  ASSERT_FALSE(checked.has_value());
  EXPECT_EQ(checked.error().code, Code::invalid_argument);
}

}  // namespace
}  // namespace waybill
