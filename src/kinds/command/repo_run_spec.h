#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "core/git_source.h"
#include "kinds/command/container_spec.h"

namespace waybill {

/// The spec of a task of kind `repo.run`: repo_run.schema.json says what each field means.
struct RepoRunSpec {
  std::string base;        ///< URL or absolute path; the repository stands below it
  std::string repository;  ///< owner/name, or ${params.NAME}
  std::string commit;      ///< or ${params.NAME}
  std::string dockerfile;  ///< path in the repository; empty: a process is run
  std::string process;     ///< of its Procfile
  std::string artifact;    ///< parameter that holds the SHA-256 of an artifact; empty: none
  std::string build_network = "none";
  BuildLimits build_limits;
  ContainerSpec container;  ///< its image is what a process runs in
};

std::string_view repo_run_spec_schema();
/// Reads and checks a spec. `invalid_argument` says what is wrong, with JSON pointers.
Result<RepoRunSpec> parse_repo_run_spec(std::string_view json);

/// What one task is to run, its params put in.
struct RepoRunTarget {
  GitSource source;
  std::string artifact;  ///< SHA-256; empty: none
};
/// `invalid_argument` names the parameter that is wrong.
Result<RepoRunTarget> repo_run_target(const RepoRunSpec& spec, std::string_view params);

}  // namespace waybill
