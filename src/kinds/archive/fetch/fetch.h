#pragma once

#include <string>

#include "kinds/archive/desk.h"
#include "ports/task_kind.h"

namespace waybill {

inline constexpr std::string_view kFetchKind = "http.fetch";

/// Kind `http.fetch`: a file from a URL or one of its mirrors becomes the task's artifact
/// (docs/reference/archive-kinds.md).
class FetchKind final : public TaskKind {
 public:
  /// Without a desk to refuse what can never run, and no more; it outlives the kind.
  explicit FetchKind(ArchiveDesk* desk = nullptr) : desk_(desk) {}

  std::string_view name() const override { return kFetchKind; }
  Status check(const TaskRequest& request) const override;
  std::string_view spec_schema() const override { return fetch_spec_schema(); }
  Outcome run(const Task& task, TaskContext& context) override;

 private:
  ArchiveDesk* const desk_;
};

/// Reads the metalink of an order, if it has one, and adds what that says of its file: mirrors
/// after its own, size, digest and, if none is said, the name. Errors as of fetch_text and
/// read_metalink; `failed_precondition` where the digest is not the order's or no mirror is left,
/// `out_of_range` where the file is larger than the order allows.
Status follow_metalink(FetchOrder& order, ArchiveDesk& desk, TaskContext& context);

/// Fetches for a task into a file of its own, which outlives the attempt.
struct TaskDownload {
  PartialFile file;
  Downloaded what;
};
Result<TaskDownload> download_for(const Task& task, const FetchOrder& order, ArchiveDesk& desk,
                                  TaskContext& context, const Downloader::Progress& progress);

}  // namespace waybill
