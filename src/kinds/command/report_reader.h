#pragma once

#include <boost/json/fwd.hpp>
#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "kinds/command/artifact_files.h"
#include "ports/task_kind.h"

namespace waybill {

/// Reads what a program says on WAYBILL_REPORT_FD: JSON lines {"progress": {…}}, {"checkpoint":
/// {…}}, {"output": {…}} and {"artifact": {…}}, alone or together. Outputs are merged, the later
/// key wins. What can't be read is named in the run's log, the first times, and otherwise passed
/// over.
class ReportReader {
 public:
  explicit ReportReader(TaskContext& context) : context_(context) {}

  void add(std::string_view bytes);
  /// A last line without its end counts too.
  void finish();
  /// All outputs as one JSON object; empty if there were none.
  std::string result() const;
  /// In the order in which they were reported.
  const std::vector<ReportedArtifact>& artifacts() const { return artifacts_; }

 private:
  void read_line(std::string_view line);
  void merge(const boost::json::object& output);
  void take_artifact(const boost::json::object& artifact);
  void complain(std::string_view what);

  TaskContext& context_;
  std::string pending_;
  bool skipping_ = false;  // the rest of a line that is too long
  std::size_t lines_ = 0;
  std::size_t complaints_ = 0;
  std::map<std::string, std::string> outputs_;  // key to JSON text
  std::size_t output_bytes_ = 0;
  std::vector<ReportedArtifact> artifacts_;
};

}  // namespace waybill
