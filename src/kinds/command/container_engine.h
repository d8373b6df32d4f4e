#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/file_descriptor.h"
#include "base/result.h"
#include "kinds/command/artifact_files.h"
#include "kinds/command/container_protocol.h"
#include "kinds/command/container_spec.h"
#include "kinds/command/run_record.h"
#include "ports/task_kind.h"

namespace waybill {

/// Where a container finds what a program finds in its scratch directory.
inline constexpr const char* kContainerScratch = "/waybill/scratch";
inline constexpr const char* kContainerArtifacts = "/waybill/artifacts";
/// What is too long for the environment, read-only.
inline constexpr const char* kContainerGiven = "/run/waybill";

/// Makes a directory, or takes the one that is there, that any user may look into, whatever our
/// umask.
Status make_open_directory(const std::string& path);

/// What tells a supervisor how large the scratch directory is.
std::string scratch_options(std::int64_t bytes);

/// What runs containers, each under a supervisor as a command has one: whoever is killed, nothing
/// of a container is left, and never do two of one task run at once. Thread-safe.
/// tests/containers/conformance_test.cc says what each promises.
class ContainerEngine {
 public:
  virtual ~ContainerEngine() = default;
  /// Also what `--containers` calls it.
  virtual std::string_view name() const = 0;

  struct Params {
    const ContainerSpec& spec;
    std::string name;                      ///< see container_name()
    std::string task;                      ///< id, as a label
    bool had_earlier = false;              ///< containers of the task, which end before this begins
    std::vector<std::string> environment;  ///< of the program, NAME=value
    std::string directory;                 ///< of the attempt, empty but for `given`
    std::string root_directory = {};       ///< instead of the image
    std::string application = {};          ///< directory that it finds as /app; empty: none
    std::string disk = {};                 ///< file with a file system; empty: none
    bool was_built = false;                ///< the image is build()'s, on that disk
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
  virtual Result<Run> run(const Params& params, TaskContext& context) = 0;

  struct BuildParams {
    std::string context;     ///< directory
    std::string dockerfile;  ///< path below it
    std::string network;
    BuildLimits limits;
    std::string name;       ///< see container_name()
    std::string directory;  ///< of the attempt: holds all that is built, and is removed with it
  };
  struct Built {
    RunRecord record;
    std::string image;      ///< sha256:ID, if the record says exit status 0
    std::string complaint;  ///< the last line of stderr
    bool memory_limit_hit = false;
    bool disk_was_full = false;
    std::string disk;  ///< what holds it, for Params
  };
  /// Builds an image by a Dockerfile, on images that are here; its steps are contained as programs
  /// are, but as a root that may only do what installing takes. `failed_precondition`: it can't.
  virtual Result<Built> build(const BuildParams& params, const CommandSpec& spec,
                              TaskContext& context) = 0;
};

}  // namespace waybill
