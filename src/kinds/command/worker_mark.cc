#include "kinds/command/worker_mark.h"

#include <unistd.h>

#include <fstream>
#include <sstream>

namespace waybill {
namespace {

/// `PID-START`; empty: there is no such process.
std::string mark_of(std::string_view pid) {
  std::ostringstream text;
  text << std::ifstream("/proc/" + std::string(pid) + "/stat").rdbuf();
  std::string rest = text.str();
  // The second field may hold anything, parentheses too; the start is the 22nd, see proc(5).
  const std::size_t name = rest.rfind(')');
  if (name == rest.npos) return {};
  std::istringstream fields(rest.substr(name + 1));
  std::string field;
  for (int number = 3; number <= 22; ++number) {
    if (!(fields >> field)) return {};
    if (number == 3 && (field == "Z" || field == "X")) return {};
  }
  return std::string(pid) + "-" + field;
}

}  // namespace

std::string own_worker_mark() { return mark_of(std::to_string(::getpid())); }

bool is_worker_alive(std::string_view mark) {
  const std::string_view pid = mark.substr(0, mark.find('-'));
  if (pid.empty() || pid.find_first_not_of("0123456789") != pid.npos) return false;
  return mark_of(pid) == mark;
}

}  // namespace waybill
