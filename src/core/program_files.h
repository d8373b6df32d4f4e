#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "core/definition_read.h"
#include "core/task_definition.h"

namespace waybill {

/// What stands at an absolute path below a directory of definitions, a file or a directory with all
/// that is in it, as a digest: the same for the same names and contents. `not_found`.
using DigestOfFiles = std::function<Result<std::string>(const std::string& path)>;

/// Of a command of a repository, whose files stand elsewhere with each commit: its paths are known
/// by how they are written and by what is there (TaskDefinition::digests). What `files` names has
/// to be there. Nothing, without a function or a repository.
void add_digests(const Entry& entry, const DigestOfFiles& digest_of_files, TaskDefinition& task,
                 std::vector<SchemaViolation>& violations);

}  // namespace waybill
