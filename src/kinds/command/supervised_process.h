#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/file_descriptor.h"
#include "base/result.h"
#include "base/time.h"
#include "kinds/command/supervisor_protocol.h"

namespace waybill {

struct ProcessParams {
  std::vector<std::string> argv;
  std::vector<std::string> environment;  ///< NAME=value
  std::vector<std::string> options;      ///< for the supervisor, see supervisor.c
  std::string standard_input;
  /// The program finds it as descriptor 4; null: nothing. Outlives the start alone.
  const FileDescriptor* given = nullptr;
};

/// A program under its supervisor. Destroying it before it has ended kills all of it.
class SupervisedProcess {
 public:
  /// Starts the supervisor from open_supervisor(); whether the program could be started is in its
  /// first news. Never forks.
  static Result<SupervisedProcess> start(const FileDescriptor& supervisor,
                                         const ProcessParams& params);
  SupervisedProcess(SupervisedProcess&& other) noexcept;
  SupervisedProcess& operator=(SupervisedProcess&&) = delete;
  ~SupervisedProcess();

  /// To poll and read; none of them blocks.
  int output() const { return output_.get(); }
  int errors() const { return errors_.get(); }
  int reports() const { return reports_.get(); }
  int control() const { return control_.get(); }

  /// What the supervisor says next; `not_found`: nothing now; `unavailable`: it is gone.
  Result<WaybillNews> read_news();
  /// The scratch directory that the supervisor has mounted, once its news said so; not open: none.
  FileDescriptor take_mounted() { return std::move(mounted_); }
  /// Asks for SIGTERM now and SIGKILL after the grace, for all of it.
  void request_stop(Duration grace);

 private:
  SupervisedProcess() = default;

  pid_t pid_ = -1;
  FileDescriptor output_;
  FileDescriptor errors_;
  FileDescriptor reports_;
  FileDescriptor control_;
  FileDescriptor mounted_;
};

}  // namespace waybill
