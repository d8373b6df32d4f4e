#include "kinds/command/container_group.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "kinds/command/worker_mark.h"

namespace waybill {
namespace {

constexpr GroupLimits kLimits{.memory_bytes = 64 << 20, .processes = 20, .cpus = 0.5};

/// A container of this process alone.
std::string own_name(int lease) {
  return container_name("test" + std::to_string(::getpid()), static_cast<std::uint64_t>(lease));
}

std::string line_of(const std::string& path) {
  std::string line;
  std::getline(std::ifstream(path), line);
  return line;
}

/// A process that is in a group, and would stay there for ever.
pid_t start_in(const ContainerGroup& group) {
  const auto options = group.supervisor_options();
  const pid_t pid = ::fork();
  if (pid == 0) {
    for (const std::string& option : options) {
      const int file = ::open(option.substr(option.find('=') + 1).c_str(), O_WRONLY);
      if (file < 0 || ::write(file, "0", 1) != 1) ::_exit(1);
    }
    ::signal(SIGTERM, SIG_IGN);
    for (;;) ::pause();
  }
  return pid;
}

/// How it ended.
int signal_that_ended(pid_t pid) {
  int status = 0;
  EXPECT_EQ(::waitpid(pid, &status, 0), pid);
  return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

TEST(Hierarchies, AreThoseThatAreMountedWithTheirControllers) {
  EXPECT_EQ(hierarchies_of("29 28 0:25 / /sys/fs/cgroup ro shared:9 - tmpfs tmpfs ro,mode=755\n"
                           "30 29 0:26 / /sys/fs/cgroup/cpu rw shared:10 - cgroup cgroup "
                           "rw,cpu,cpuacct\n"
                           "31 29 0:27 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n"
                           "half a line"),
            (std::vector<Hierarchy>{
                {.mount_point = "/sys/fs/cgroup/cpu", .controllers = {"rw", "cpu", "cpuacct"}},
                {.mount_point = "/sys/fs/cgroup/unified", .controllers = {}, .is_unified = true}}));
}

TEST(ContainerNames, SayWhichTaskTheyAreOf) {
  EXPECT_EQ(container_name("ab-cd", 7), "waybill-ab-cd-7");
  EXPECT_EQ(fence_in_name("waybill-ab-cd-17"), 17u);
  EXPECT_TRUE(is_of_same_task("waybill-ab-cd-7", "waybill-ab-cd-1"));
  EXPECT_FALSE(is_of_same_task("waybill-ab-cd-7", "waybill-ab-ce-7"));
  EXPECT_FALSE(is_of_same_task("waybill-ab-7", "waybill-ab-cd-7"));
}

class ContainerGroupTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "cgroups of containers take root";
    std::ostringstream mounts;
    mounts << std::ifstream("/proc/self/mountinfo").rdbuf();
    const auto hierarchies = hierarchies_of(mounts.str());
    const bool may_write = std::ranges::any_of(hierarchies, [](const Hierarchy& one) {
      return ::access(one.mount_point.c_str(), W_OK) == 0;
    });
    if (!may_write) GTEST_SKIP() << "no cgroup hierarchy may be written to";
    auto group = ContainerGroup::create(own_name(1), kLimits);
    ASSERT_TRUE(group.has_value()) << group.error().message;
    group_ = std::move(*group);
  }
  std::unique_ptr<ContainerGroup> group_;
};

TEST_F(ContainerGroupTest, HasItsLimitsAndIsGoneWithAllThatIsInIt) {
  std::string seen;
  for (const std::string& option : group_->supervisor_options()) {
    const std::string directory =
        std::filesystem::path(option.substr(option.find('=') + 1)).parent_path();
    for (const char* file :
         {"/pids.max", "/memory.limit_in_bytes", "/memory.max", "/cpu.cfs_quota_us", "/cpu.max"}) {
      const std::string line = line_of(directory + file);
      if (!line.empty() && line != "max" && line != "-1") seen += line + ";";
    }
  }
  EXPECT_NE(seen.find("20;"), std::string::npos) << seen;
  EXPECT_NE(seen.find("67108864;"), std::string::npos) << seen;
  EXPECT_NE(seen.find("50000"), std::string::npos) << seen;
  const pid_t pid = start_in(*group_);
  const std::string file = group_->supervisor_options().front().substr(5);
  while (line_of(file) != std::to_string(pid)) {
    ASSERT_EQ(::waitpid(pid, nullptr, WNOHANG), 0) << "it could not join";
  }
  group_.reset();
  EXPECT_EQ(signal_that_ended(pid), SIGKILL);
  EXPECT_FALSE(std::filesystem::exists(file));
}

TEST_F(ContainerGroupTest, OfAnotherAttemptEndsWhatIsLeftOfAnEarlierOne) {
  const pid_t pid = start_in(*group_);
  const std::string file = group_->supervisor_options().front().substr(5);
  while (line_of(file) != std::to_string(pid)) {
    ASSERT_EQ(::waitpid(pid, nullptr, WNOHANG), 0) << "it could not join";
  }
  const auto next = ContainerGroup::create(own_name(2), kLimits);
  ASSERT_TRUE(next.has_value());
  EXPECT_EQ(signal_that_ended(pid), SIGKILL);
  EXPECT_FALSE(std::filesystem::exists(file));
}

TEST_F(ContainerGroupTest, OfALaterAttemptIsLeftAloneAndKeepsTheEarlierFromBeginning) {
  const pid_t pid = start_in(*group_);
  const std::string file = group_->supervisor_options().front().substr(5);
  while (line_of(file) != std::to_string(pid)) {
    ASSERT_EQ(::waitpid(pid, nullptr, WNOHANG), 0) << "it could not join";
  }
  const auto late = ContainerGroup::create(own_name(0), kLimits);
  ASSERT_FALSE(late.has_value());
  EXPECT_EQ(late.error().code, Code::aborted);
  EXPECT_EQ(line_of(file), std::to_string(pid)) << "it goes on";
  group_.reset();
  EXPECT_EQ(signal_that_ended(pid), SIGKILL);
}

TEST_F(ContainerGroupTest, OfAWorkerThatRunsIsLeftAlone) {
  const std::string file = group_->supervisor_options().front().substr(5);
  end_containers_of_gone_workers();
  EXPECT_TRUE(std::filesystem::exists(file));
}

TEST_F(ContainerGroupTest, OfAWorkerThatIsGoneIsEnded) {
  const std::string own = group_->supervisor_options().front().substr(5);
  std::string theirs = own;
  const std::string mark = own_worker_mark();
  theirs.replace(theirs.find(mark), mark.size(), "1-1");
  const auto directory = std::filesystem::path(theirs).parent_path();
  std::filesystem::create_directory(directory);
  const pid_t pid = ::fork();
  if (pid == 0) {
    for (;;) ::pause();
  }
  std::ofstream(theirs) << pid << std::flush;
  ASSERT_EQ(line_of(theirs), std::to_string(pid));
  end_containers_of_gone_workers();
  EXPECT_EQ(signal_that_ended(pid), SIGKILL);
  EXPECT_FALSE(std::filesystem::exists(directory));
}

/// Does it as a worker in a container of its own would, which sees no process of ours: the code of
/// its error, -1 for none.
int end_earlier_from_another_container(const std::string& name) {
  const pid_t outer = ::fork();
  if (outer == 0) {
    if (::unshare(CLONE_NEWPID) != 0) ::_exit(100);
    const pid_t inner = ::fork();
    if (inner == 0) {
      const Status ended = end_earlier_containers_of_task(name);
      ::_exit(ended ? 101 : static_cast<int>(ended.error().code));
    }
    int status = 0;
    ::waitpid(inner, &status, 0);
    ::_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 102);
  }
  int status = 0;
  EXPECT_EQ(::waitpid(outer, &status, 0), outer);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) != 100 && WEXITSTATUS(status) != 102);
  return WEXITSTATUS(status) == 101 ? -1 : WEXITSTATUS(status);
}

TEST_F(ContainerGroupTest, OfAnotherNamespaceIsEndedByTheKernelOrKeepsTheNextFromBeginning) {
  const pid_t pid = start_in(*group_);
  const std::string file = group_->supervisor_options().front().substr(5);
  while (line_of(file) != std::to_string(pid)) {
    ASSERT_EQ(::waitpid(pid, nullptr, WNOHANG), 0) << "it could not join";
  }
  const std::string kill = std::filesystem::path(file).parent_path().string() + "/cgroup.kill";
  const bool can_kill = std::filesystem::exists(kill);
  const int error = end_earlier_from_another_container(own_name(2));
  if (can_kill) {
    EXPECT_EQ(error, -1);
    EXPECT_FALSE(std::filesystem::exists(file));
  } else {
    EXPECT_EQ(error, static_cast<int>(Code::unavailable));
    EXPECT_EQ(line_of(file), std::to_string(pid)) << "it goes on";
    group_.reset();
  }
  EXPECT_EQ(signal_that_ended(pid), SIGKILL);
}

/// Also where the limits of containers are in hierarchies of version 1.
TEST_F(ContainerGroupTest, OfVersionTwoIsEndedFromAnotherContainer) {
  std::ostringstream mounts;
  mounts << std::ifstream("/proc/self/mountinfo").rdbuf();
  const auto hierarchies = hierarchies_of(mounts.str());
  const auto unified = std::ranges::find_if(hierarchies, &Hierarchy::is_unified);
  if (unified == hierarchies.end()) GTEST_SKIP() << "no hierarchy of version 2";
  if (::access(unified->mount_point.c_str(), W_OK) != 0) {
    GTEST_SKIP() << "the hierarchy of version 2 may not be written to";
  }
  group_.reset();
  const std::string directory =
      unified->mount_point + "/waybill/" + own_name(1) + "." + own_worker_mark();
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  ASSERT_FALSE(error) << error.message();
  if (!std::filesystem::exists(directory + "/cgroup.kill")) {
    std::filesystem::remove(directory);
    GTEST_SKIP() << "the kernel has no cgroup.kill";
  }
  const pid_t pid = ::fork();
  if (pid == 0) {
    for (;;) ::pause();
  }
  std::ofstream(directory + "/cgroup.procs") << pid << std::flush;
  EXPECT_EQ(line_of(directory + "/cgroup.procs"), std::to_string(pid));
  EXPECT_EQ(end_earlier_from_another_container(own_name(2)), -1);
  EXPECT_FALSE(std::filesystem::exists(directory));
  ::kill(pid, SIGTERM);  // if nobody has ended it
  EXPECT_EQ(signal_that_ended(pid), SIGKILL);
}

}  // namespace
}  // namespace waybill
