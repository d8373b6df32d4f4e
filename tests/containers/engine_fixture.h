#pragma once

// One engine or the other, by its name.

#include "kinds/command/bubblewrap.h"
#include "tests/containers/container_fixture.h"

namespace waybill {

/// A store of bubblewrap's, with an image of what podman's fixture has made one of.
class EngineTest : public ContainerTest, public ::testing::WithParamInterface<std::string> {
 protected:
  void SetUp() override {
    if (GetParam() == "podman") {
      ContainerTest::SetUp();
      engine_ = podman_;
      engine_image_ = image_;
      return;
    }
    if (::geteuid() != 0) GTEST_SKIP() << "containers take root";
    for (const char* program : {"/usr/bin/bwrap", "/bin/busybox"}) {
      if (::access(program, X_OK) != 0) GTEST_SKIP() << program << " is not installed";
    }
    if (roots_.empty()) {
      roots_ = ::testing::TempDir() + "waybill-roots-XXXXXX";
      ASSERT_NE(::mkdtemp(roots_.data()), nullptr);
      ::umask(0022);  // of the image's files
      make_root(roots_ + "/image");
      shell("tar -C " + roots_ + "/image -cf " + roots_ + "/image.tar .");
      shell("sha256sum < " + roots_ + "/image.tar | cut -c1-64 > " + roots_ + "/digest");
      std::ifstream(roots_ + "/digest") >> digest_;
      shell("cp " + roots_ + "/image.tar " + roots_ + "/sha256-" + digest_ + ".tar");
    }
    engine_image_ = "localhost/box@sha256:" + digest_;
    engine_ = open_bubblewrap();
    ASSERT_NE(engine_, nullptr);
    ::umask(0077);  // as a service has it
  }
  static void TearDownTestSuite() {
    ContainerTest::TearDownTestSuite();
    if (!roots_.empty()) std::filesystem::remove_all(roots_);
    roots_.clear();
  }
  static void shell(const std::string& script) {
    ASSERT_EQ(std::system(script.c_str()), 0) << script;
  }
  static std::shared_ptr<Bubblewrap> open_bubblewrap() {
    auto opened =
        Bubblewrap::open({.environment = inherited_environment(), .store = roots_}, clock_);
    EXPECT_TRUE(opened.has_value()) << (opened ? "" : opened.error().message);
    return opened ? std::shared_ptr<Bubblewrap>(std::move(*opened)) : nullptr;
  }
  std::shared_ptr<ContainerEngine> opened_again() {
    if (GetParam() == "podman") return open_podman();
    return open_bubblewrap();
  }

  Task task_for(const std::string& script, std::string_view more = "") {
    return task_in(engine_image_, script, more);
  }
  Outcome run(const std::string& script, std::string_view more = "") {
    ContainerKind kind(engine_);
    return kind.run(task_for(script, more), context_);
  }
  /// Waits until the kernel has held back what runs in our container, and says where; empty: it has
  /// not for a minute.
  std::string await_throttled() {
    const auto until = std::chrono::steady_clock::now() + std::chrono::minutes(1);
    while (std::chrono::steady_clock::now() < until) {
      for (const std::string& group : groups()) {
        std::int64_t quota = 0;
        std::int64_t period = 100'000;
        if (!(std::ifstream(group + "/cpu.max") >> quota >> period)) {
          std::ifstream(group + "/cpu.cfs_quota_us") >> quota;
          std::ifstream(group + "/cpu.cfs_period_us") >> period;
        }
        std::ifstream lines(group + "/cpu.stat");
        std::string key;
        for (std::int64_t value = 0; lines >> key >> value;) {
          if (key != "nr_throttled" || value == 0 || quota <= 0) continue;
          share_of_processors_ = static_cast<double>(quota) / static_cast<double>(period);
          return group;
        }
      }
      std::this_thread::yield();
    }
    return "";
  }
  std::string remains() {
    const std::string known = GetParam() == "podman" ? left() : "";
    return known + remains_of(context_.scratch_directory());
  }

  std::shared_ptr<ContainerEngine> engine_;
  std::string engine_image_;
  double share_of_processors_ = 0;  ///< that await_throttled() found
  inline static std::string roots_;
  inline static std::string digest_;
};

}  // namespace waybill
