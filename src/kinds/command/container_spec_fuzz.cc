// Any text is read as what a container is to run, or refused with a reason; nothing of it could be
// taken for an option of podman or git, or is cut off on the way to them.
#include <boost/json.hpp>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "core/permission.h"
#include "kinds/command/container_spec.h"
#include "kinds/command/procfile.h"
#include "kinds/command/repo_run_spec.h"

namespace {

using namespace waybill;

bool is_whole(const std::string& text) { return text.find('\0') == std::string::npos; }

void check_contained(const ContainerSpec& spec) {
  const CommandLimits& limits = spec.program.limits;
  WAYBILL_CHECK(limits.memory_bytes && limits.processes && limits.open_files, "no limit");
  WAYBILL_CHECK(spec.scratch_bytes > 0 && spec.scratch_bytes <= *limits.memory_bytes,
                "more scratch than memory");
  WAYBILL_CHECK(spec.user > 0, "a program that is root");
  WAYBILL_CHECK(spec.cpus > 0, "no processor at all");
  WAYBILL_CHECK(spec.network == "none" || spec.network == "bridge" || spec.network == "host",
                "a network that there is not");
  WAYBILL_CHECK(is_whole(spec.program.working_directory), "a directory that is cut off");
  for (const std::string& argument : spec.arguments) {
    WAYBILL_CHECK(is_whole(argument), "an argument that is cut off");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto spec = parse_container_spec(text);
  WAYBILL_CHECK(spec || !spec.error().message.empty(), "a refusal says why");
  if (spec) {
    check_contained(*spec);
    WAYBILL_CHECK(!spec->image.starts_with('-') && is_whole(spec->image), "an option");
    WAYBILL_CHECK(spec->image.find("sha256:") != std::string::npos, "an image that can change");
  }
  const auto run = parse_repo_run_spec(text);
  WAYBILL_CHECK(run || !run.error().message.empty(), "a refusal says why");
  if (run) {
    check_contained(run->container);
    WAYBILL_CHECK(is_whole(run->dockerfile) && !run->dockerfile.starts_with('/'), "a way out");
    // The params of a task are as hostile as its spec.
    const auto target = repo_run_target(*run, text);
    WAYBILL_CHECK(!target || is_commit_id(target->source.ref), "a commit that can change");
    WAYBILL_CHECK(!target || !target->source.repository.starts_with('-'), "an option");
  }
  const auto command = procfile_command(text, "web");
  WAYBILL_CHECK(!command || !command->empty(), "a process of nothing");
  return 0;
}
