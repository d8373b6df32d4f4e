#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/file_descriptor.h"
#include "base/result.h"
#include "kinds/command/command.h"
#include "kinds/command/container_engine.h"
#include "kinds/command/container_group.h"
#include "kinds/command/environment.h"
#include "ports/clock.h"
#include "ports/task_kind.h"

namespace waybill {

struct PodmanOptions {
  Environment environment;  ///< of podman itself, see inherited_environment()
  std::string store;        ///< directory of images and containers; empty: podman's own
};

/// podman's own limit of a `--runroot` is 50 characters, with ours behind the store.
inline constexpr std::size_t kContainerStoreLengthMax = 42;
/// As what a build, and the container of what it built, know the store of their attempt, whose own
/// name is longer than podman takes. It is empty for all others.
inline constexpr const char* kBuildStore = "/run/waybill-build";

/// Runs containers by podman with runc, each under a supervisor as a command has one: whatever
/// happens to the worker, nothing of a container is left. Thread-safe.
class Podman final : public ContainerEngine {
 public:
  /// Finds out by a trial whether this machine can do all that a container is promised, and removes
  /// containers whose worker is gone. Blocks for a second or two. `failed_precondition` says what
  /// is missing. The clock outlives it.
  static Result<std::unique_ptr<Podman>> open(PodmanOptions options, Clock& clock);
  Podman(PodmanOptions options, FileDescriptor supervisor, std::unique_ptr<CommandKind> tools,
         Clock& clock);

  std::string_view name() const override { return "podman"; }
  Result<Run> run(const Params& params, TaskContext& context) override;
  Result<Built> build(const BuildParams& params, const CommandSpec& spec,
                      TaskContext& context) override;

  struct Answer {
    int status = 0;  ///< of podman
    std::string out;
    std::string complaint;  ///< the last line of stderr
  };
  /// podman with these arguments, and with a minute at most.
  Result<Answer> call(std::vector<std::string> arguments);

 private:
  enum class Store : std::uint8_t { ours, of_attempt };
  /// podman with its own options first; the store of an attempt is in front of ours.
  std::vector<std::string> command(std::vector<std::string> arguments,
                                   Store store = Store::ours) const;
  std::vector<std::string> build_arguments(const BuildParams& params,
                                           const ContainerGroup& group) const;
  std::vector<std::string> run_arguments(const Params& params, const ContainerGroup& group) const;
  std::vector<std::string> supervision(const Params& params) const;
  /// A file with an empty file system of so many bytes in it, which takes no place yet.
  Status make_disk(const std::string& path, std::int64_t bytes);
  void remove(const std::string& name, TaskContext& context);
  Status remove_earlier(const Params& params);
  Status sweep();
  Status try_out();

  const PodmanOptions options_;
  const FileDescriptor supervisor_;
  const std::unique_ptr<CommandKind> tools_;  ///< runs podman itself
  const std::string worker_;                  ///< label of this process's containers
  Clock& clock_;
};

}  // namespace waybill
