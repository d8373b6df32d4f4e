#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kinds/command/cgroup.h"

namespace waybill {
namespace {

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (!text.empty()) {
    const std::size_t end = text.find(separator);
    parts.push_back(text.substr(0, end));
    text.remove_prefix(end == text.npos ? text.size() : end + 1);
  }
  return parts;
}

bool has(const std::vector<std::string_view>& parts, std::string_view part) {
  return std::find(parts.begin(), parts.end(), part) != parts.end();
}

/// A mounted hierarchy (proc_pid_mountinfo(5)): fields 4 and 5 are root and mount point; after the
/// dash come type, source and options.
struct Mount {
  std::string_view root;
  std::string_view point;
  std::string_view type;
  std::vector<std::string_view> options;
};

std::optional<Mount> parse_mount(std::string_view line) {
  const auto fields = split(line, ' ');
  const auto dash = std::find(fields.begin(), fields.end(), "-");
  if (dash - fields.begin() < 6 || fields.end() - dash < 4) return std::nullopt;
  return Mount{
      .root = fields[3], .point = fields[4], .type = dash[1], .options = split(dash[3], ',')};
}

/// The directory of `path` of the hierarchy, as seen through its mount; empty: outside of it.
std::string directory_in(const Mount& mount, std::string_view path) {
  if (mount.root != "/") {
    if (!path.starts_with(mount.root)) return {};
    path.remove_prefix(mount.root.size());
  }
  if (path == "/") path = "";
  return std::string(mount.point) + std::string(path);
}

/// This process's path in a hierarchy: lines of /proc/self/cgroup are ID:CONTROLLERS:PATH, version
/// 2 has no controllers.
std::optional<std::string_view> own_path(std::string_view cgroups, std::string_view controller) {
  for (const std::string_view line : split(cgroups, '\n')) {
    const std::size_t first = line.find(':');
    const std::size_t second = line.find(':', first + 1);
    if (first == line.npos || second == line.npos) continue;
    const std::string_view names = line.substr(first + 1, second - first - 1);
    if (controller.empty() ? names.empty() : has(split(names, ','), controller)) {
      return line.substr(second + 1);
    }
  }
  return std::nullopt;
}

}  // namespace

CgroupRoots own_cgroups(std::string_view mountinfo, std::string_view cgroups) {
  CgroupRoots roots;
  const auto place = [&](const Mount& mount, std::string_view controller, std::string& root) {
    const auto path = own_path(cgroups, controller);
    if (root.empty() && path) root = directory_in(mount, *path);
  };
  for (const std::string_view line : split(mountinfo, '\n')) {
    const auto mount = parse_mount(line);
    if (!mount) continue;
    if (mount->type == "cgroup2") place(*mount, "", roots.unified);
    if (mount->type != "cgroup") continue;
    if (has(mount->options, "memory")) place(*mount, "memory", roots.memory);
    if (has(mount->options, "pids")) place(*mount, "pids", roots.pids);
  }
  if (roots.memory.empty()) roots.memory = roots.unified;
  if (roots.pids.empty()) roots.pids = roots.unified;
  return roots;
}

}  // namespace waybill
