#pragma once

#include <array>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "kinds/command/report_reader.h"
#include "kinds/command/run_output.h"
#include "kinds/command/run_record.h"
#include "kinds/command/spec.h"
#include "kinds/command/supervised_process.h"
#include "ports/clock.h"
#include "ports/task_kind.h"

namespace waybill {

/// Sees one program through: reads its output and reports, passes on a request to stop, and waits
/// until nothing of it is left.
class CommandRun {
 public:
  CommandRun(SupervisedProcess process, const CommandSpec& spec, TaskContext& context, Clock& clock)
      : process_(std::move(process)),
        spec_(spec),
        context_(context),
        clock_(clock),
        output_(context, spec.limits.output_bytes),
        reports_(context) {}

  /// Blocks until the run is over. To be called once.
  Result<RunRecord> see_through();
  /// What the program put out, see ReportReader.
  std::string result() const { return reports_.result(); }
  /// See SupervisedProcess.
  FileDescriptor take_mounted() { return process_.take_mounted(); }
  const std::vector<ReportedArtifact>& artifacts() const { return reports_.artifacts(); }

 private:
  enum class Readable { more, nothing_now, ended };

  Readable read_some(int fd);
  /// Reads what is there, until then at most; true if nobody can write to it any more.
  bool drain(int fd, SteadyTime until);
  bool read_news();

  SupervisedProcess process_;
  const CommandSpec& spec_;
  TaskContext& context_;
  Clock& clock_;
  RunOutput output_;
  ReportReader reports_;
  RunRecord record_;
  std::array<char, 64 << 10> buffer_{};
};

}  // namespace waybill
