#include "tests/queues/server.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <sstream>

#include "base/file_descriptor.h"

namespace waybill {
namespace {

using std::chrono::seconds;
using std::chrono::steady_clock;

sockaddr_in loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> result;
  for (std::string& text : texts) result.push_back(text.data());
  result.push_back(nullptr);
  return result;
}

/// Starts it in a process group of its own, its output going to that file; -1: it can't be.
pid_t spawn(const Server::Start& start, const std::string& log) {
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&files, 1, log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0640);
  posix_spawn_file_actions_adddup2(&files, 1, 2);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
  std::vector<std::string> command = {"setpriv", "--pdeathsig", "KILL", "--"};
  command.insert(command.end(), start.command.begin(), start.command.end());
  std::vector<std::string> environment;
  for (const auto& [name, value] : start.environment) environment.push_back(name + "=" + value);
  pid_t pid = -1;
  if (::posix_spawnp(&pid, command[0].c_str(), &files, &attributes, pointers(command).data(),
                     pointers(environment).data()) != 0) {
    pid = -1;
  }
  posix_spawn_file_actions_destroy(&files);
  posix_spawnattr_destroy(&attributes);
  return pid;
}

}  // namespace

int free_port() {
  const FileDescriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address = loopback(0);
  socklen_t size = sizeof address;
  ::bind(socket.get(), reinterpret_cast<sockaddr*>(&address), size);
  ::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&address), &size);
  return ntohs(address.sin_port);
}

std::string find_program(const std::string& name) {
  const char* path = std::getenv("PATH");
  std::istringstream folders(path == nullptr ? "" : path);
  for (std::string folder; std::getline(folders, folder, ':');) {
    const std::string file = folder + "/" + name;
    if (::access(file.c_str(), X_OK) == 0) return file;
  }
  return "";
}

bool accepts(int port) {
  const FileDescriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const sockaddr_in address = loopback(port);
  return ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
}

bool Server::start(const Start& start) {
  const std::string log = directory() + "/server.log";
  pid_ = spawn(start, log);
  if (pid_ < 0) {
    std::cerr << "cannot start " << start.command[0] << "\n";
    return false;
  }
  process_ = static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0));
  const auto until = steady_clock::now() + seconds(60);
  while (steady_clock::now() < until && !ended_within(50)) {
    if (start.ready()) return true;
  }
  std::cerr << start.command[0] << " is not ready; it wrote:\n" << std::ifstream(log).rdbuf();
  kill();
  return false;
}

bool Server::ended_within(int milliseconds) const {
  pollfd ended{.fd = process_, .events = POLLIN, .revents = 0};
  return ::poll(&ended, 1, milliseconds) == 1;
}

void Server::signal_and_reap(int first_signal, int patience_ms) {
  if (pid_ <= 0) return;
  ::kill(-pid_, first_signal);
  if (!ended_within(patience_ms)) ::kill(-pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
  ::kill(-pid_, SIGKILL);  // what it left behind in its group
  ::close(process_);
  pid_ = -1;
}

void Server::stop() { signal_and_reap(SIGTERM, 10'000); }
void Server::freeze() { ::kill(-pid_, SIGSTOP); }
void Server::go_on() { ::kill(-pid_, SIGCONT); }
void Server::kill() { signal_and_reap(SIGKILL, 10'000); }

}  // namespace waybill
