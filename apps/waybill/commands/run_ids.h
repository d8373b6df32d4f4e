#pragma once

#include <string>

#include "apps/waybill/session.h"
#include "core/pipeline/kept_run.h"
#include "services/run_desk.h"

namespace waybill::cli {

/// What people do with runs, on this session's store.
class OpenDesk {
 public:
  /// `definitions` are read if --definitions names any.
  static Result<OpenDesk> open(Session& session, OpenStore mode);

  RunDesk& operator*() { return *desk_; }
  RunDesk* operator->() { return desk_.get(); }
  Store& store() { return *store_; }

 private:
  OpenDesk(Store& store, std::unique_ptr<RunDesk> desk) : store_(&store), desk_(std::move(desk)) {}

  Store* store_;
  std::unique_ptr<RunDesk> desk_;
};

/// What stands in the way of a run, with what to do where no definitions were named.
Error without_definitions(Session& session, Error error);

/// The run whose id is, or begins with, `text` (4 characters at least). `not_found` and
/// `invalid_argument` (more than one) say what to do next.
Result<pipeline::KeptRun> find_run(RunDesk& desk, const std::string& text);

/// What an id, or its beginning, names.
struct TaskOrRun {
  Uuid id;
  bool is_run = false;
};
/// As find_task and find_run; `invalid_argument` if it is the beginning of both a task's and a
/// run's id.
Result<TaskOrRun> find_task_or_run(Session& session, Store& store, const std::string& text);

/// Params of --params: JSON, or @ and the file that holds it, and of NAME=VALUE over those; none if
/// neither was given. The JSON Schema of the params says which are texts.
Result<std::optional<std::string>> read_params_option(const Invocation& invocation,
                                                      const std::vector<std::string>& pairs,
                                                      std::string_view schema);

}  // namespace waybill::cli
