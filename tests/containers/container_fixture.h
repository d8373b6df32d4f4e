#pragma once

// Containers as they are, by podman: the cases of a program share a store, with an image of
// busybox.

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <filesystem>
#include <fstream>
#include <memory>
#include <set>
#include <sstream>
#include <thread>

#include "base/json.h"
#include "kinds/command/container.h"
#include "kinds/command/podman.h"
#include "kinds/command/test_support/recording_context.h"
#include "testing/builders.h"
#include "testing/sim_clock.h"

namespace waybill {

/// Why no container can be tested here; empty: they can.
inline std::string what_is_missing() {
  if (::geteuid() != 0) return "containers take root";
  for (const char* program : {"/usr/bin/podman", "/usr/sbin/runc", "/bin/busybox"}) {
    if (::access(program, X_OK) != 0) {
      return "podman, runc or busybox-static is not installed";
    }
  }
  return {};
}

class ContainerTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    if (!what_is_missing().empty()) return;
    store_ = ::testing::TempDir() + "waybill-store-XXXXXX";
    ASSERT_NE(::mkdtemp(store_.data()), nullptr);
    podman_ = open_podman();
    ASSERT_NE(podman_, nullptr);
    image_ = make_image();
  }
  static void TearDownTestSuite() {
    podman_.reset();
    if (!store_.empty()) std::filesystem::remove_all(store_);
  }
  void SetUp() override {
    const std::string missing = what_is_missing();
    if (!missing.empty()) GTEST_SKIP() << missing;
    ASSERT_NE(podman_, nullptr);
    ::umask(0077);  // as a service has it
  }

  static std::unique_ptr<Podman> open_podman() {
    auto podman = Podman::open({.environment = inherited_environment(), .store = store_}, clock_);
    EXPECT_TRUE(podman.has_value()) << (podman ? "" : podman.error().message);
    return podman ? std::move(*podman) : nullptr;
  }
  /// The files of an image: nothing but busybox.
  static void make_root(const std::string& root) {
    std::filesystem::create_directories(root + "/bin");
    std::filesystem::copy_file("/bin/busybox", root + "/bin/busybox");
    for (const char* name : {"sh",    "cat", "id",   "ls",      "dd",    "sleep", "env", "wget",
                             "touch", "nc",  "grep", "pwd",     "tail",  "head",  "seq", "kill",
                             "wc",    "ip",  "ln",   "unshare", "mount", "true"}) {
      std::filesystem::create_symlink("busybox", root + "/bin/" + name);
    }
  }
  /// By its digest.
  static std::string make_image() {
    const std::string root = store_ + "/image";
    make_root(root);
    const std::string tar = store_ + "/image.tar";
    EXPECT_EQ(std::system(("tar -C " + root + " -cf " + tar + " .").c_str()), 0);
    const auto imported = podman_->call({"import", "--quiet", tar, "localhost/box:1"});
    EXPECT_TRUE(imported && imported->status == 0) << (imported ? imported->complaint : "");
    const auto digest =
        podman_->call({"image", "inspect", "--format={{.Digest}}", "localhost/box:1"});
    EXPECT_TRUE(digest && digest->out.starts_with("sha256:"));
    return "localhost/box@" + (digest ? digest->out.substr(0, 71) : "");
  }

  /// No two programs of tests run containers of one task: one would end the other's.
  static TaskBuilder own_task() { return a_task(number_); }
  static Task task_of(const std::string& script, std::string_view more = "") {
    return task_in(image_, script, more);
  }
  static Task task_in(const std::string& image, const std::string& script, std::string_view more) {
    std::string spec = R"({"grace":"300ms","image":")" + image + R"(","command":["sh","-c",)";
    json::append_quoted(spec, script);
    Task task;
    task.request = own_task().kind("container").spec(spec + "]" + std::string(more) + "}");
    task.status.attempt = 1;
    task.status.fence = 1;
    return task;
  }
  Outcome run(const std::string& script, std::string_view more = "") {
    return run(context_, script, more);
  }
  static Outcome run(RecordingContext& context, const std::string& script,
                     std::string_view more = "") {
    ContainerKind kind(podman_);
    return kind.run(task_of(script, more), context);
  }
  std::string out() const { return context_.logged(LogStream::out); }
  std::string everything() const {
    return out() + context_.logged(LogStream::err) + context_.logged(LogStream::system);
  }
  static bool succeeded(const Outcome& outcome) {
    return std::holds_alternative<outcome::Succeeded>(outcome);
  }
  static outcome::Failed failure(const Outcome& outcome) {
    const auto* failed = std::get_if<outcome::Failed>(&outcome);
    EXPECT_NE(failed, nullptr) << "alternative " << outcome.index();
    return failed == nullptr ? outcome::Failed{} : *failed;
  }
  /// What podman still knows of containers, and what still runs in any.
  std::string left() {
    const auto listed = podman_->call({"ps", "--all", "--format={{.Names}}"});
    return listed ? listed->out + processes_of(store_) : listed.error().message;
  }
  /// Command lines of processes that name a directory: conmon and runc do.
  static std::string processes_of(const std::string& directory) {
    std::string found;
    for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
      std::ostringstream line;
      line << std::ifstream(entry.path() / "cmdline").rdbuf();
      if (line.str().find(directory) != std::string::npos) found += line.str() + "\n";
    }
    return found;
  }

  /// Of all in the cgroups of our task's containers, the runtime's monitor too: to wait for their
  /// ends.
  static std::vector<FileDescriptor> contained() {
    std::set<int> found;
    for (const auto& group : groups()) {
      std::ifstream lines(group + "/cgroup.procs");
      for (int pid = 0; lines >> pid;) found.insert(pid);
    }
    std::vector<FileDescriptor> processes;
    for (const int pid : found) {
      FileDescriptor process(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
      if (process.is_open()) processes.push_back(std::move(process));
    }
    return processes;
  }
  static bool await_ends(const std::vector<FileDescriptor>& processes) {
    for (const FileDescriptor& process : processes) {
      pollfd end{process.get(), POLLIN, 0};
      if (::poll(&end, 1, 60'000) != 1) return false;
    }
    return true;
  }
  /// Cgroups of our task's containers.
  static std::vector<std::string> groups() {
    const std::string ours = "waybill-" + to_string(own_task().build().id) + "-";
    std::vector<std::string> found;
    for (const auto& hierarchy : std::filesystem::directory_iterator("/sys/fs/cgroup")) {
      std::error_code none;
      std::filesystem::recursive_directory_iterator entry(hierarchy.path() / "waybill", none);
      for (; !none && entry != end(entry); entry.increment(none)) {
        if (entry->path().string().find(ours) != std::string::npos && entry->is_directory(none)) {
          found.push_back(entry->path());
        }
      }
    }
    return found;
  }
  /// Whatever a run may leave on the machine: processes, mounts, loop devices, cgroups.
  static std::string remains_of(const std::string& directory) {
    std::string found = processes_of(directory);
    for (const std::string& group : groups()) found += group + "\n";
    std::ifstream mounts("/proc/mounts");
    for (std::string line; std::getline(mounts, line);) {
      if (line.find(directory) != std::string::npos) found += line + "\n";
    }
    for (const auto& device : std::filesystem::directory_iterator("/sys/block")) {
      std::string file;
      std::getline(std::ifstream(device.path() / "loop/backing_file"), file);
      if (file.find(directory) != std::string::npos) found += device.path().string() + "\n";
    }
    return found;
  }

  /// A descriptor of the process that supervises a worker's only run, to wait for its end.
  static FileDescriptor supervisor_of(pid_t worker) {
    for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
      std::string pid;
      std::string name;
      std::string state;
      pid_t parent = 0;
      std::ifstream(entry.path() / "stat") >> pid >> name >> state >> parent;
      if (parent != worker || name != "(waybill-run)") continue;
      return FileDescriptor(static_cast<int>(::syscall(SYS_pidfd_open, std::stoi(pid), 0)));
    }
    return {};
  }

  /// Runs it in a worker of its own; kills that and its supervisor, before either can do anything
  /// about the other's death, when it has said so; and waits until all in the container has ended.
  template <typename Run>
  void kill_both_when(std::string_view said, const Run& run) {
    int ready[2];
    ASSERT_EQ(::pipe2(ready, O_CLOEXEC), 0);
    const pid_t worker = ::fork();
    if (worker == 0) {
      std::jthread teller([&] {
        context_.await_output(said);
        if (::write(ready[1], "x", 1) != 1) ::_exit(2);
      });
      if (podman_ != nullptr) podman_ = open_podman();
      run();
      ::_exit(1);  // not reached: it is killed before
    }
    ::close(ready[1]);
    char byte = 0;
    const bool is_ready = ::read(ready[0], &byte, 1) == 1;
    ::close(ready[0]);
    const FileDescriptor supervisor = supervisor_of(worker);
    const auto processes = contained();
    if (supervisor.is_open()) {
      ::syscall(SYS_pidfd_send_signal, supervisor.get(), SIGSTOP, nullptr, 0);
    }
    ASSERT_EQ(::kill(worker, SIGKILL), 0);
    ASSERT_EQ(::waitpid(worker, nullptr, 0), worker);
    ASSERT_TRUE(is_ready) << "the worker ended too early";
    ASSERT_TRUE(supervisor.is_open());
    EXPECT_FALSE(processes.empty());
    ASSERT_EQ(::syscall(SYS_pidfd_send_signal, supervisor.get(), SIGKILL, nullptr, 0), 0);
    EXPECT_TRUE(await_ends(processes)) << "the container goes on";
  }

  inline static const int number_ = ::getpid();  ///< of the program, in its children too
  inline static SimClock clock_{};
  inline static std::string store_;
  inline static std::shared_ptr<Podman> podman_;
  inline static std::string image_;
  RecordingContext context_;
};

}  // namespace waybill
