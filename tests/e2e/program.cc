#include "tests/e2e/program.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <poll.h>
#include <sys/inotify.h>
#include <sys/syscall.h>
#include <boost/json.hpp>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "base/json.h"
#include "core/json_schema.h"

namespace waybill::e2e {
namespace {

namespace bj = boost::json;
namespace fs = std::filesystem;

constexpr auto kPatience = std::chrono::seconds(30);

std::string read_file(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

int milliseconds_until(std::chrono::steady_clock::time_point deadline) {
  const auto left =
      std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
  return static_cast<int>(std::max<std::int64_t>(0, left.count()));
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> result;
  for (std::string& text : texts) result.push_back(text.data());
  result.push_back(nullptr);
  return result;
}

}  // namespace

Running::Running(pid_t pid, std::string out_path, std::string err_path)
    : pid_(pid), out_path_(std::move(out_path)), err_path_(std::move(err_path)) {}

Running::~Running() {
  if (pid_ <= 0) return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

void Running::signal(int number) const { ::kill(pid_, number); }

void Running::wait_until_it_blocks(int signal) const {
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (std::chrono::steady_clock::now() < deadline) {
    const std::string status = read_file("/proc/" + std::to_string(pid_) + "/status");
    const std::size_t at = status.find("SigBlk:");
    if (at == std::string::npos) break;
    const auto blocked = std::strtoull(status.c_str() + at + 7, nullptr, 16);
    if (((blocked >> (signal - 1)) & 1) == 1) return;
    ::sched_yield();
  }
  ADD_FAILURE() << "the program does not wait for signal " << signal;
}

Ran Running::wait() {
  const int process = static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0));
  pollfd ended{.fd = process, .events = POLLIN, .revents = 0};
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  if (::poll(&ended, 1, milliseconds_until(deadline)) != 1) {
    ADD_FAILURE() << "the program did not end in time; it said:\n" << output();
    ::kill(pid_, SIGKILL);
  }
  ::close(process);
  int status = 0;
  ::waitpid(pid_, &status, 0);
  pid_ = -1;
  return {.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status),
          .out = fs::is_regular_file(out_path_) ? read_file(out_path_) : "",
          .err = read_file(err_path_)};
}

void Running::wait_for_output(const std::string& text, std::chrono::seconds patience) {
  // Watched before looking, so that nothing written in between is missed.
  const int watch = ::inotify_init1(IN_CLOEXEC);
  ::inotify_add_watch(watch, out_path_.c_str(), IN_MODIFY);
  ::inotify_add_watch(watch, err_path_.c_str(), IN_MODIFY);
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (output().find(text) == std::string::npos) {
    pollfd changed{.fd = watch, .events = POLLIN, .revents = 0};
    if (::poll(&changed, 1, milliseconds_until(deadline)) != 1) {
      ADD_FAILURE() << "the program did not say \"" << text << "\"; it said:\n" << output();
      break;
    }
    char events[4096];
    if (::read(watch, events, sizeof events) <= 0) break;
  }
  ::close(watch);
}

std::string Running::output() const { return read_file(out_path_) + read_file(err_path_); }

Place::Place() {
  std::string pattern = (fs::temp_directory_path() / "waybill-e2e-XXXXXX").string();
  directory_ = ::mkdtemp(pattern.data());
}

Place::~Place() {
  std::error_code ignored;
  fs::remove_all(directory_, ignored);
}

void Place::write(const std::string& name, const std::string& text) const {
  fs::create_directories(fs::path(path(name)).parent_path());
  std::ofstream(path(name), std::ios::binary) << text;
}

std::string Place::read(const std::string& name) const { return read_file(path(name)); }

bool Place::exists(const std::string& name) const { return fs::exists(path(name)); }

std::unique_ptr<Running> Place::start(const std::vector<std::string>& arguments) const {
  const std::string number = std::to_string(++runs_);
  const std::string out = stdout_path.empty() ? path(".out-" + number) : stdout_path;
  const std::string err = path(".err-" + number);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  constexpr int kFlags = O_WRONLY | O_CREAT | O_TRUNC | O_APPEND;
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, 1, out.c_str(), kFlags, 0600);
  posix_spawn_file_actions_addopen(&actions, 2, err.c_str(), kFlags, 0600);
  posix_spawn_file_actions_addchdir_np(&actions, directory_.c_str());

  std::vector<std::string> argv = wrapper;
  argv.emplace_back(WAYBILL_PROGRAM);
  argv.insert(argv.end(), arguments.begin(), arguments.end());
  std::vector<std::string> variables = {"PATH=/usr/local/bin:/usr/bin:/bin", "HOME=" + directory_,
                                        "USER=tester"};
  for (const auto& [name, value] : environment) variables.push_back(name + "=" + value);
  pid_t pid = -1;
  const int error = ::posix_spawnp(&pid, argv.front().c_str(), &actions, nullptr,
                                   pointers(argv).data(), pointers(variables).data());
  posix_spawn_file_actions_destroy(&actions);
  EXPECT_EQ(error, 0) << "starting " << WAYBILL_PROGRAM;
  return std::make_unique<Running>(pid, out, err);
}

Ran Place::run(const std::vector<std::string>& arguments) const { return start(arguments)->wait(); }

bj::value Place::json(const std::string& definition, std::vector<std::string> arguments,
                      int status) const {
  arguments.insert(std::find(arguments.begin(), arguments.end(), "--"), "--json");
  const Ran ran = run(arguments);
  EXPECT_EQ(ran.status, status) << ran.err;
  auto value = json::parse(ran.out);
  if (!value) {
    ADD_FAILURE() << arguments[0] << ": " << value.error().message << "\n" << ran.out << ran.err;
    return nullptr;
  }
  EXPECT_EQ(violations(definition, *value), "") << ran.out;
  return *value;
}

std::string Place::create(const std::vector<std::string>& arguments) const {
  std::vector<std::string> all = {"task", "create"};
  all.insert(all.end(), arguments.begin(), arguments.end());
  const Ran ran = run(all);
  EXPECT_EQ(ran.status, 0) << ran.err;
  EXPECT_EQ(ran.out.size(), 37U) << ran.out;
  return ran.out.substr(0, 36);
}

std::string violations(const std::string& definition, const bj::value& value) {
  static const bj::value kSchema = json::parse(read_file("schemas/cli.schema.json")).value();
  bj::object schema = kSchema.get_object();
  schema["$ref"] = "#/$defs/" + definition;
  const auto compilation = JsonSchema::compile(schema, standard_formats());
  std::string text;
  for (const SchemaViolation& problem : compilation.problems) text += to_string(problem) + "\n";
  if (!compilation.schema) return text;
  for (const SchemaViolation& problem : compilation.schema->check(value)) {
    text += to_string(problem) + "\n";
  }
  return text;
}

}  // namespace waybill::e2e
