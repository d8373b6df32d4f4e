#include "kinds/command/container_spec.h"

#include <gtest/gtest.h>

#include "kinds/command/dockerfile.h"
#include "kinds/command/procfile.h"
#include "kinds/command/repo_run_spec.h"
#include "kinds/command/worker_mark.h"

namespace waybill {
namespace {

const std::string kDigest = "sha256:" + std::string(64, 'a');
const std::string kCommit(40, 'c');

std::string container(const std::string& more) {
  return R"({"image":"registry.example.org:5000/a/b@)" + kDigest + "\"" + more + "}";
}
std::string refusal(const std::string& spec) {
  const auto parsed = parse_container_spec(spec);
  return parsed ? "" : parsed.error().message;
}
std::string repo_refusal(const std::string& spec) {
  const auto parsed = parse_repo_run_spec(spec);
  return parsed ? "" : parsed.error().message;
}

TEST(ContainerSpecTest, SaysWhatIsNotSaid) {
  const auto spec = parse_container_spec(container(""));
  ASSERT_TRUE(spec.has_value()) << spec.error().message;
  EXPECT_EQ(spec->network, "none");
  EXPECT_EQ(spec->pull, "never");
  EXPECT_EQ(spec->user, 65534);
  EXPECT_EQ(spec->program.limits.memory_bytes, std::int64_t{512} << 20);
  EXPECT_EQ(spec->program.limits.processes, 256);
  EXPECT_EQ(spec->program.limits.open_files, 1024);
  EXPECT_EQ(spec->scratch_bytes, 64 << 20);
  EXPECT_DOUBLE_EQ(spec->cpus, 1.0);
}

TEST(ContainerSpecTest, AnImageIsNamedByItsDigestAlone) {
  EXPECT_TRUE(check_image(kDigest));
  EXPECT_TRUE(check_image("localhost/x:1@" + kDigest));
  const auto tag = check_image("debian:12");
  ASSERT_FALSE(tag.has_value());
  EXPECT_EQ(tag.error().message,
            "/image must name one image for ever, as NAME@sha256:DIGEST; what a tag names can "
            "change. `podman image inspect --format '{{.Digest}}' debian:12` prints the digest");
  for (const std::string& image :
       {std::string("x@sha256:abc"), "x@md5:" + std::string(64, 'a'), "--privileged@" + kDigest,
        "a b@" + kDigest, "@" + kDigest, "X@" + kDigest, "a@b@" + kDigest,
        "sha256:" + std::string(64, 'A'), std::string(), std::string("--rootfs")}) {
    EXPECT_FALSE(check_image(image).has_value()) << image;
  }
}

TEST(ContainerSpecTest, RefusesWhatCannotBe) {
  EXPECT_NE(refusal("{}").find("image"), std::string::npos);
  EXPECT_NE(refusal(container(R"(,"network":"container:other")")).find("/network"),
            std::string::npos);
  EXPECT_NE(refusal(container(R"(,"user":0)")).find("/user"), std::string::npos);
  EXPECT_NE(refusal(container(R"(,"privileged":true)")).find("privileged"), std::string::npos);
  EXPECT_NE(refusal(container(R"(,"working_directory":"app")")).find("/working_directory"),
            std::string::npos);
  EXPECT_NE(refusal(container(R"(,"args":["a\u0000b"])")).find("/args"), std::string::npos);
  EXPECT_NE(refusal(container(R"(,"environment":{"WAYBILL_X":"1"})")).find("/environment"),
            std::string::npos);
  EXPECT_NE(refusal(container(R"(,"limits":{"memory":"1MiB"})")).find("at least 16MiB"),
            std::string::npos);
  EXPECT_NE(refusal(container(R"(,"limits":{"scratch":"1GiB"})")).find("kept in memory"),
            std::string::npos);
  EXPECT_NE(refusal(container(R"(,"limits":{"cpu":"1s"})")).find("cpu"), std::string::npos);
}

TEST(RepoRunSpecTest, TheParamsSayWhich) {
  const auto spec = parse_repo_run_spec(
      R"({"repository":"${params.repo}","commit":"${params.commit}","artifact":"input"})");
  ASSERT_TRUE(spec.has_value()) << spec.error().message;
  EXPECT_EQ(spec->dockerfile, "Dockerfile");
  const std::string sha(64, 'b');
  const auto target = repo_run_target(
      *spec, R"({"repo":"acme/site","commit":")" + kCommit + R"(","input":")" + sha + "\"}");
  ASSERT_TRUE(target.has_value()) << target.error().message;
  EXPECT_EQ(target->source.repository, "https://github.com/acme/site");
  EXPECT_EQ(target->source.ref, kCommit);
  EXPECT_EQ(target->artifact, sha);
  for (const std::string& params :
       {std::string("{}"), R"({"repo":"acme/site","commit":"main","input":")" + sha + "\"}",
        R"({"repo":"../..","commit":")" + kCommit + R"(","input":")" + sha + "\"}",
        R"({"repo":"-u/x y","commit":")" + kCommit + R"(","input":")" + sha + "\"}",
        R"({"repo":"acme/site","commit":")" + kCommit + R"(","input":"x"})"}) {
    EXPECT_FALSE(repo_run_target(*spec, params).has_value()) << params;
  }
}

TEST(RepoRunSpecTest, RefusesStepsThatMountHoweverTheyAreWritten) {
  for (const char* text :
       {"RUN --mount=type=bind,source=/,target=/x ls", "ONBUILD RUN --mount=type=cache ls",
        "RUN --mo\\\nunt=type=cache ls", "RUN --mo\\ \t\r\n# c\n  # d\nunt=type=cache ls",
        "# escape=`\nRUN --mo`\nunt=type=cache ls", "RUN --\"mount\"=type=cache ls",
        "RUN --mo''unt=type=cache ls", "run --network=none --mount=type=cache ls"}) {
    EXPECT_FALSE(check_dockerfile(text).has_value()) << text;
  }
  EXPECT_FALSE(check_dockerfile(std::string_view("RUN --mo\0unt", 12)).has_value());
  EXPECT_TRUE(check_dockerfile("FROM x\n# RUN --mount=type=cache ls\nRUN mount\n").has_value());
}

TEST(RepoRunSpecTest, RefusesWhatCannotBe) {
  const auto with = [](const std::string& more) {
    return R"({"repository":"acme/site","commit":")" + kCommit + "\"" + more + "}";
  };
  EXPECT_EQ(repo_refusal(with("")), "");
  EXPECT_EQ(repo_refusal(with(R"(,"process":"web","image":"x@)" + kDigest + "\"")), "");
  for (const std::string& more :
       {std::string(R"(,"process":"web")"), R"(,"image":"x@)" + kDigest + "\"",
        std::string(R"(,"process":"web","image":"x:1")"),
        std::string(R"(,"dockerfile":"../Dockerfile")"), std::string(R"(,"dockerfile":"/etc/x")"),
        std::string(R"(,"dockerfile":"Dockerfile","process":"web","image":"x@)" + kDigest + "\""),
        std::string(R"(,"base":"ext::sh -c x")"), std::string(R"(,"base":"--upload-pack=x")"),
        std::string(R"(,"command":["x"])")}) {
    EXPECT_NE(repo_refusal(with(more)), "") << more;
  }
  EXPECT_NE(repo_refusal(R"({"repository":"acme/site","commit":"main"})").find("git rev-parse"),
            std::string::npos);
}

TEST(ProcfileTest, FindsTheCommandOfAProcess) {
  constexpr std::string_view kText =
      "# comment\nweb:  bundle exec rails\r\nworker: ./run --all : x\n:none\nbad name: x\nlast:x";
  EXPECT_EQ(procfile_command(kText, "web"), "bundle exec rails");
  EXPECT_EQ(procfile_command(kText, "worker"), "./run --all : x");
  EXPECT_EQ(procfile_command(kText, "last"), "x");
  EXPECT_EQ(procfile_command(kText, "other").error().message,
            "the Procfile has no process \"other\"; it has web, worker, last");
  EXPECT_FALSE(procfile_command("", "web").has_value());
}

TEST(WorkerMarkTest, IsOfThisProcessAndNoOther) {
  EXPECT_TRUE(is_worker_alive(own_worker_mark()));
  EXPECT_FALSE(is_worker_alive(own_worker_mark() + "0"));
  EXPECT_FALSE(is_worker_alive("1-1"));
  for (const char* mark : {"", "-", "x-1", "../1-1", "999999999-1", "1-1-1", "1-1-1-1-1"}) {
    EXPECT_FALSE(is_worker_alive(mark)) << mark;
  }
}

TEST(WorkerMarkTest, OneOfAnOlderProgramIsKnown) {
  const std::string own = own_worker_mark();
  const std::size_t second = own.find('-', own.find('-') + 1);
  EXPECT_TRUE(is_worker_alive(own.substr(0, second)));
}

TEST(WorkerMarkTest, OneOfAnotherContainerIsNotTakenForDeadNorForThisOne) {
  const std::string own = own_worker_mark();
  const std::size_t boot = own.rfind('-');
  const std::size_t space = own.rfind('-', boot - 1);
  const std::string theirs = own.substr(0, space) + "-1" + own.substr(boot);
  EXPECT_TRUE(is_worker_alive(theirs));
  EXPECT_NE(theirs, own);
  EXPECT_TRUE(is_worker_alive("1-1-1" + own.substr(boot)));
  EXPECT_FALSE(is_worker_alive("1-1-1-00ff")) << "the machine has started anew since";
  EXPECT_FALSE(is_worker_alive(own.substr(0, boot) + "-00ff"));
}

}  // namespace
}  // namespace waybill
