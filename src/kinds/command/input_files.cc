#include "kinds/command/input_files.h"

#include <sys/stat.h>

#include <cerrno>
#include <string_view>

#include "base/file_descriptor.h"
#include "core/size.h"
#include "kinds/command/run_steps.h"

namespace waybill {
namespace {

Status add_mode(const std::string& path, mode_t mode) {
  if (::chmod(path.c_str(), mode) == 0) return {};
  return fail(system_error(errno, "opening up " + path));
}

/// Lets any user read a file, and find it below `root`.
Status open_to_all(const std::string& root, const std::string& name) {
  for (std::size_t slash = name.find('/'); slash != name.npos; slash = name.find('/', slash + 1)) {
    if (Status opened = add_mode(root + "/" + name.substr(0, slash), 0755); !opened) return opened;
  }
  return add_mode(root + "/" + name, 0444);
}

Status lay_input(const TaskInput& input, const std::string& directory, TaskContext& context) {
  auto path = context.artifacts().fetch(input.sha256, directory + "/" + input.name);
  if (!path && path.error().code == Code::not_found) {
    path.error().message =
        "content " + input.sha256 +
        " is not kept any more: retention has removed the task that left it; do that step again";
  }
  if (!path) return fail(path.error());
  struct stat status {};
  if (::stat(path->c_str(), &status) != 0) return fail(system_error(errno, "looking at " + *path));
  if (status.st_size == input.size_bytes) return {};
  return fail(Code::data_loss, "content " + input.sha256 + " has " +
                                   std::to_string(status.st_size) + " bytes, and the task says " +
                                   std::to_string(input.size_bytes));
}

}  // namespace

Status lay_inputs(const CommandSpec& spec, const std::string& directory, InputReaders readers,
                  TaskContext& context) {
  if (spec.inputs.empty()) return {};
  if (Status fits = check_input_bytes(spec.inputs, spec.limits.input_bytes); !fits) return fits;
  const std::string root = context.scratch_directory() + "/" + directory;
  if (::mkdir(root.c_str(), 0755) != 0 && errno != EEXIST) {
    return fail(system_error(errno, "making " + root));
  }
  if (readers == InputReaders::all) {
    if (Status opened = add_mode(root, 0755); !opened) return opened;
  }
  std::int64_t bytes = 0;
  for (const TaskInput& input : spec.inputs) {
    Status laid = lay_input(input, directory, context);
    if (laid && readers == InputReaders::all) laid = open_to_all(root, input.name);
    if (!laid) return fail(with_context(laid.error(), "input \"" + input.name + "\""));
    bytes += input.size_bytes;
  }
  const std::string number = std::to_string(spec.inputs.size());
  context.log(LogStream::system, "[given " + number + (number == "1" ? " file, " : " files, ") +
                                     format_size(bytes) + "]\n");
  return {};
}

Outcome without_inputs(const Error& error, TaskContext& context) {
  if (error.code == Code::cancelled || context.stop().stop_requested()) {
    return outcome::Stopped{.proof = R"({"stopped_while":"fetching its inputs"})"};
  }
  const bool for_good = error.code == Code::not_found || error.code == Code::data_loss ||
                        error.code == Code::invalid_argument || error.code == Code::out_of_range;
  return failed_run(for_good ? FailureClass::permanent : FailureClass::transient, error);
}

}  // namespace waybill
