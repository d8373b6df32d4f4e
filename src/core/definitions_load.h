#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/definition.h"
#include "core/document.h"
#include "core/program_files.h"

namespace waybill {

/// What came of reading definitions. They are whole only if there are no problems.
struct DefinitionsLoad {
  Definitions definitions;
  std::vector<Problem> problems;  ///< all of them, in the order of the files
};

/// Checks documents against `definitions_schema()`, then what a schema cannot say: names that lead
/// nowhere, names given twice, schedules and scans that cannot be. Relative `file:` URLs and
/// commands with a slash are resolved against each document's directory. Reads no file.
///
/// `check_task` is asked about each task definition, with empty params: a kind that is not there, a
/// spec that it does not take. Where a message begins with a JSON pointer, that is the field.
/// `digest_of_files` is asked about the files that commands of repositories name.
DefinitionsLoad load_definitions(std::span<const Document> documents,
                                 const std::function<Status(const TaskRequest&)>& check_task = {},
                                 const DigestOfFiles& digest_of_files = {});

/// The published JSON Schema of a definitions file (schemas/definitions.schema.json).
std::string_view definitions_schema();

/// `url` as it is used: `./drop`, `drop`, `file:drop` and `file://./drop` become `file:///…/drop`
/// under `directory`; other schemes and absolute paths keep their meaning.
std::string resolve_url(std::string_view url, std::string_view directory);

/// A program as it is started: with a slash it is resolved against `directory`, else left for PATH.
std::string resolve_program(std::string_view program, std::string_view directory);

}  // namespace waybill
