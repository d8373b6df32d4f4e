#include "apps/waybill/workflow_manager/lock_holder.h"

#include <unistd.h>

#include <fstream>
#include <sstream>
#include <string_view>
#include <vector>

namespace waybill::cli {
namespace {

std::string first_line(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

std::string link_of(const char* path) {
  char target[64];
  const ssize_t size = ::readlink(path, target, sizeof target);
  return size <= 0 ? "" : std::string(target, static_cast<std::size_t>(size));
}

/// Field 22 of /proc/PID/stat: when the process started, in ticks since boot; empty if there is no
/// such process, or it is dead and only not reaped yet.
std::string start_of(const std::string& pid) {
  const std::string line = first_line("/proc/" + pid + "/stat");
  const std::size_t name_end = line.rfind(')');  // the name may hold anything
  if (name_end == std::string::npos) return "";
  std::istringstream rest(line.substr(name_end + 1));
  std::string field;
  for (int number = 3; rest >> field; ++number) {
    if (number == 3 && (field == "Z" || field == "X")) return "";
    if (number == 22) return field;
  }
  return "";
}

/// The value of ` name=value`.
std::string value_of(const std::string& holder, std::string_view name) {
  const std::string key = " " + std::string(name) + "=";
  const std::size_t begin = holder.find(key);
  if (begin == std::string::npos) return "";
  const std::size_t from = begin + key.size();
  return holder.substr(from, holder.find(' ', from) - from);
}

}  // namespace

std::string lock_holder() {
  char host[256] = {};
  if (::gethostname(host, sizeof host - 1) != 0) host[0] = '\0';
  const std::string pid = std::to_string(::getpid());
  return std::string(host) + " pid=" + pid + " start=" + start_of(pid) +
         " boot=" + first_line("/proc/sys/kernel/random/boot_id") +
         " namespace=" + link_of("/proc/self/ns/pid");
}

bool is_gone(const std::string& holder) {
  const std::string self = lock_holder();
  for (const std::string_view name : {"boot", "namespace"}) {
    const std::string value = value_of(self, name);
    if (value.empty() || value != value_of(holder, name)) return false;
  }
  const std::string pid = value_of(holder, "pid");
  const std::string start = value_of(holder, "start");
  if (start.empty() || pid.empty() || pid.find_first_not_of("0123456789") != std::string::npos) {
    return false;
  }
  return start_of(pid) != start;
}

}  // namespace waybill::cli
