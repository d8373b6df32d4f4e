#include "kinds/command/worker_mark.h"

#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <optional>
#include <sstream>

namespace waybill {
namespace {

struct Mark {
  std::string pid;
  std::string start;
  std::string space;  ///< inode of the namespace of processes that the number is of
  std::string boot;   ///< of the machine
  bool operator==(const Mark&) const = default;
};

/// `PID-START-SPACE-BOOT`; of programs that knew no more, `PID-START`.
std::optional<Mark> parse_mark(std::string_view text) {
  std::array<std::string, 4> parts;
  std::size_t count = 0;
  for (std::size_t begin = 0; begin <= text.size(); ++count) {
    const std::size_t end = std::min(text.find('-', begin), text.size());
    if (count == parts.size() || end == begin) return std::nullopt;
    parts[count] = text.substr(begin, end - begin);
    const std::string_view digits = count < 3 ? "0123456789" : "0123456789abcdef";
    if (parts[count].find_first_not_of(digits) != std::string::npos) return std::nullopt;
    begin = end + 1;
  }
  if (count != 2 && count != 4) return std::nullopt;
  return Mark{parts[0], parts[1], parts[2], parts[3]};
}

std::string boot_id() {
  std::string id;
  std::ifstream("/proc/sys/kernel/random/boot_id") >> id;
  std::erase(id, '-');
  return id.empty() ? "0" : id;
}

std::string process_space() {
  struct stat status {};
  return ::stat("/proc/self/ns/pid", &status) == 0 ? std::to_string(status.st_ino) : "0";
}

/// Number and start of a process, none if there is no such one that runs.
std::optional<std::pair<std::string, std::string>> process_at(const std::string& directory) {
  std::ostringstream text;
  text << std::ifstream(directory + "/stat").rdbuf();
  const std::string line = text.str();
  // The second field may hold anything, parentheses too; the start is the 22nd, see proc(5).
  const std::size_t name = line.rfind(')');
  if (name == line.npos) return std::nullopt;
  std::istringstream fields(line.substr(name + 1));
  std::string field;
  for (int number = 3; number <= 22; ++number) {
    if (!(fields >> field)) return std::nullopt;
    if (number == 3 && (field == "Z" || field == "X")) return std::nullopt;
  }
  return std::pair(line.substr(0, line.find(' ')), field);
}

}  // namespace

std::string own_worker_mark() {
  const auto own = process_at("/proc/self");
  if (!own) return {};
  return own->first + "-" + own->second + "-" + process_space() + "-" + boot_id();
}

bool is_worker_alive(std::string_view text) {
  const auto mark = parse_mark(text);
  if (!mark) return false;
  if (!mark->boot.empty()) {
    if (mark->boot != boot_id()) return false;
    if (mark->space != process_space()) return true;  // its number is none of ours
  }
  const auto there = process_at("/proc/" + mark->pid);
  return there && there->second == mark->start;
}

}  // namespace waybill
