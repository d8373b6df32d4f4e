#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/file_descriptor.h"
#include "base/result.h"
#include "kinds/command/artifact_files.h"
#include "kinds/command/command.h"
#include "kinds/command/container_protocol.h"
#include "kinds/command/container_spec.h"
#include "kinds/command/environment.h"
#include "kinds/command/run_record.h"
#include "ports/clock.h"
#include "ports/task_kind.h"

namespace waybill {

/// Where a container finds what a program finds in its scratch directory.
inline constexpr const char* kContainerScratch = "/waybill/scratch";
inline constexpr const char* kContainerArtifacts = "/waybill/artifacts";
/// What is too long for the environment, read-only.
inline constexpr const char* kContainerGiven = "/run/waybill";

struct PodmanOptions {
  Environment environment;  ///< of podman itself, see inherited_environment()
  std::string store;        ///< directory of images and containers; empty: podman's own
};

/// podman's own limit of a `--runroot` is 50 characters, with ours behind the store.
inline constexpr std::size_t kContainerStoreLengthMax = 42;
/// As what a build, and the container of what it built, know the store of their attempt, whose own
/// name is longer than podman takes. It is empty for all others.
inline constexpr const char* kBuildStore = "/run/waybill-build";

/// Makes a directory, or takes the one that is there, that any user may look into, whatever our
/// umask.
Status make_open_directory(const std::string& path);

/// Runs containers by podman with runc, each under a supervisor as a command has one: whatever
/// happens to the worker, nothing of a container is left. Thread-safe.
class Podman {
 public:
  /// Finds out by a trial whether this machine can do all that a container is promised, and removes
  /// containers whose worker is gone. Blocks for a second or two. `failed_precondition` says what
  /// is missing. The clock outlives it.
  static Result<std::unique_ptr<Podman>> open(PodmanOptions options, Clock& clock);
  Podman(PodmanOptions options, FileDescriptor supervisor, std::unique_ptr<CommandKind> tools,
         Clock& clock);

  struct Params {
    const ContainerSpec& spec;
    std::string name;                      ///< what was left under it is removed first
    std::vector<std::string> environment;  ///< of the program, NAME=value
    std::string directory;                 ///< of the attempt, empty but for `given`
    std::string root_directory = {};       ///< instead of the image
    std::string application = {};          ///< directory that it finds as /app; empty: none
    bool was_built = false;                ///< the image is build()'s, in the same directory
  };
  struct Run {
    RunRecord record;
    WaybillBox box{};        ///< what the container's first process said
    FileDescriptor scratch;  ///< holds `scratch` and `artifacts` of the run
    std::string complaint;   ///< the last line of stderr
    std::string result;      ///< JSON object of what the program put out
    std::vector<ReportedArtifact> artifacts;
  };
  /// Blocks until nothing of it is left.
  Result<Run> run(const Params& params, TaskContext& context);

  struct BuildParams {
    std::string context;     ///< directory
    std::string dockerfile;  ///< path below it
    std::string network;
    std::int64_t memory_bytes;  ///< of each step
    std::string directory;      ///< of the attempt: holds all that is built, and is removed with it
  };
  struct Built {
    RunRecord record;
    std::string image;      ///< sha256:ID, if the record says exit status 0
    std::string complaint;  ///< the last line of stderr
  };
  /// Builds an image by a Dockerfile, on images that are here; its steps are contained as programs
  /// are, but as a root that may only do what installing takes.
  Result<Built> build(const BuildParams& params, const CommandSpec& spec, TaskContext& context);

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
  std::vector<std::string> build_arguments(const BuildParams& params) const;
  std::vector<std::string> run_arguments(const Params& params) const;
  std::vector<std::string> supervision(const Params& params) const;
  std::vector<std::string> own_environment() const;
  void remove(const std::string& name, TaskContext& context);
  Status sweep();
  Status try_out();

  const PodmanOptions options_;
  const FileDescriptor supervisor_;
  const std::unique_ptr<CommandKind> tools_;  ///< runs podman itself
  const std::string worker_;                  ///< label of this process's containers
  Clock& clock_;
};

}  // namespace waybill
