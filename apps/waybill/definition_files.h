#pragma once

#include <string>
#include <vector>

#include "apps/waybill/kinds.h"
#include "base/result.h"
#include "core/document.h"
#include "core/task.h"

namespace waybill::cli {

/// Whether a file of that name is one of definitions: .yaml, .yml, .json, and no dot before it.
bool is_definitions_name(const std::string& name);

/// Every file of definitions directly in `directory`, by name. `not_found` or `permission_denied`.
Result<std::vector<std::string>> definition_files(const std::string& directory);

/// Documents that were read, and what is wrong with the syntax of others.
struct ReadDocuments {
  std::vector<Document> documents;
  std::vector<Problem> problems;
};
/// Reads each of the files. The error of one that cannot be read.
Result<ReadDocuments> read_documents(const std::vector<std::string>& files);

/// What the kinds refuse, and a program below one of `directories` that is not there, or that git
/// does not keep as executable.
Status check_with_program(const Kinds& kinds, const TaskRequest& request,
                          const std::vector<std::string>& directories);

/// `what` has problems, and which.
Error problems_error(const std::string& what, const std::vector<Problem>& problems);
/// By file and place.
void sort_problems(std::vector<Problem>& problems);

}  // namespace waybill::cli
