// What bubblewrap alone does; what every engine promises is in conformance_test.cc.

#include <sys/file.h>

#include "kinds/command/worker_mark.h"
#include "tests/containers/engine_fixture.h"

namespace waybill {
namespace {

class BubblewrapTest : public EngineTest {
 protected:
  /// An image that has to be unpacked yet, of as much more as that: its digest.
  static std::string make_packed_image(const std::string& name, int mebibytes) {
    const std::string root = roots_ + "/" + name;
    ::umask(0022);
    make_root(root);
    shell("head -c " + std::to_string(mebibytes) + "M /dev/urandom > " + root + "/fill; tar -C " +
          root + " -cf " + root + ".tar . && sha256sum < " + root + ".tar | cut -c1-64 > " + root +
          ".digest");
    std::string digest;
    std::ifstream(root + ".digest") >> digest;
    std::filesystem::rename(root + ".tar", roots_ + "/sha256-" + digest + ".tar");
    std::filesystem::remove_all(root);
    ::umask(0077);
    return digest;
  }
  Outcome run_image(const std::string& digest) {
    Task task = task_for("");
    task.request.spec = R"({"image":"sha256:)" + digest + R"(","command":["true"]})";
    ContainerKind kind(engine_);
    return kind.run(task, context_);
  }
};
INSTANTIATE_TEST_SUITE_P(Alone, BubblewrapTest, ::testing::Values("bubblewrap"),
                         [](const auto& engine) { return engine.param; });

TEST_P(BubblewrapTest, SystemCallsThatReachIntoTheKernelAreRefused) {
  EXPECT_TRUE(succeeded(
      run("unshare -U true && echo made; mount -t tmpfs x /tmp; unshare -m true; exit 0")));
  EXPECT_EQ(out(), "") << "that takes no right";
  const std::string said = context_.logged(LogStream::err);
  EXPECT_NE(said.find("unshare"), std::string::npos) << said;
  EXPECT_EQ(said.find("not found"), std::string::npos) << said;
  EXPECT_NE(said.find("ermission denied"), said.find("peration not permitted")) << said;
}

TEST_P(BubblewrapTest, AnImageThatIsNotWhatItsNameSaysIsRefused) {
  const std::string other(64, 'b');
  std::filesystem::copy_file(roots_ + "/image.tar", roots_ + "/sha256-" + other + ".tar");
  Task task = task_for("");
  task.request.spec = R"({"image":"sha256:)" + other + R"(","command":["true"]})";
  ContainerKind kind(engine_);
  const auto failed = failure(kind.run(task, context_));
  EXPECT_EQ(failed.failure_class, FailureClass::permanent);
  EXPECT_NE(failed.error.find("its SHA-256 is " + digest_), std::string::npos) << failed.error;
  EXPECT_FALSE(std::filesystem::exists(roots_ + "/roots/" + other));
}

TEST_P(BubblewrapTest, UnpackingAnImageHearsACancelAndLeavesNoHalf) {
  const std::string digest = make_packed_image("large", 64);
  // A tar of the image that never ends: it is in the middle of it when the cancel comes.
  const std::string tools = roots_ + "/tools";
  std::filesystem::create_directory(tools);
  std::ofstream(tools + "/tar") << "#!/bin/sh\ntouch " << roots_ << "/began\n"
                                << "for each; do case $each in --directory=*) "
                                << "touch \"${each#--directory=}/half\";; esac; done\n"
                                << "sleep 100000\n";
  ASSERT_EQ(::chmod((tools + "/tar").c_str(), 0755), 0);
  Environment environment = inherited_environment();
  environment["PATH"] = tools + ":" + environment["PATH"];
  auto opened = Bubblewrap::open({.environment = environment, .store = roots_}, clock_);
  ASSERT_TRUE(opened.has_value()) << opened.error().message;
  engine_ = std::move(*opened);
  std::jthread stopper([&] {
    while (!std::filesystem::exists(roots_ + "/began")) std::this_thread::yield();
    context_.request_stop();
  });
  const Outcome outcome = run_image(digest);
  ASSERT_TRUE(std::holds_alternative<outcome::Stopped>(outcome)) << outcome.index() << everything();
  EXPECT_NE(std::get<outcome::Stopped>(outcome).proof.find("image"), std::string::npos);
  for (const auto& entry : std::filesystem::directory_iterator(roots_ + "/roots")) {
    const std::string name = entry.path().filename();
    EXPECT_TRUE(!name.starts_with('.')) << name;
    EXPECT_NE(name, digest);
  }
  EXPECT_EQ(processes_of(roots_), "");
  // Who comes after it unpacks it all.
  engine_ = open_bubblewrap();
  RecordingContext context;
  Task task = task_for("");
  task.request.spec = R"({"image":"sha256:)" + digest + R"(","command":["true"]})";
  ContainerKind kind(engine_);
  EXPECT_TRUE(succeeded(kind.run(task, context)));
}

TEST_P(BubblewrapTest, OneThatWaitsForAnotherToUnpackAnImageHearsACancel) {
  const std::string digest = make_packed_image("waited-for", 1);
  const FileDescriptor lock(
      ::open((roots_ + "/roots/" + digest + ".lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  ASSERT_EQ(::flock(lock.get(), LOCK_EX), 0);
  context_.request_stop();
  const Outcome outcome = run_image(digest);
  EXPECT_TRUE(std::holds_alternative<outcome::Stopped>(outcome)) << outcome.index();
}

TEST_P(BubblewrapTest, HalfUnpackedRootsGoUnlessSomebodyUnpacks) {
  // Of a worker in another container of this machine: whether it runs, nobody here can see.
  const std::string own = own_worker_mark();
  const std::string foreign = "1-1-1" + own.substr(own.rfind('-'));
  ASSERT_TRUE(is_worker_alive(foreign)) << foreign;
  const std::string abandoned = roots_ + "/roots/." + std::string(64, 'c') + "." + foreign;
  const std::string busy = std::string(64, 'd');
  const std::string unpacked = roots_ + "/roots/." + busy + "." + foreign;
  for (const std::string& half : {abandoned, unpacked}) {
    ASSERT_TRUE(std::filesystem::create_directories(half + "/bin"));
  }
  {
    const FileDescriptor lock(
        ::open((roots_ + "/roots/" + busy + ".lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    ASSERT_EQ(::flock(lock.get(), LOCK_EX), 0);
    ASSERT_NE(open_bubblewrap(), nullptr);
    EXPECT_FALSE(std::filesystem::exists(abandoned));
    EXPECT_TRUE(std::filesystem::exists(unpacked));
  }
  ASSERT_NE(open_bubblewrap(), nullptr);
  EXPECT_FALSE(std::filesystem::exists(unpacked));
}

TEST_P(BubblewrapTest, ABridgeIsRefusedWithWhatToDo) {
  const auto failed = failure(run("true", R"(,"network":"bridge")"));
  EXPECT_EQ(failed.failure_class, FailureClass::permanent);
  EXPECT_NE(failed.error.find("--containers podman"), std::string::npos) << failed.error;
}

TEST_P(BubblewrapTest, WhatTheMachineLacksIsSaidAtTheStart) {
  const auto without =
      Bubblewrap::open({.environment = {{"PATH", "/no"}}, .store = roots_}, clock_);
  ASSERT_FALSE(without.has_value());
  EXPECT_NE(without.error().message.find("install bubblewrap"), std::string::npos)
      << without.error().message;
  const auto nowhere = Bubblewrap::open({.environment = {}, .store = ""}, clock_);
  ASSERT_FALSE(nowhere.has_value());
  EXPECT_NE(nowhere.error().message.find("--container-store"), std::string::npos);
}

}  // namespace
}  // namespace waybill
