#pragma once

#include <functional>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "core/definition.h"
#include "core/definitions_load.h"
#include "core/document.h"

namespace waybill {

/// A file of definitions that was read, with what is wrong with its syntax.
struct ReadFile {
  Document document;
  std::vector<Problem> problems;
};

/// What one source has: its files as they are at the commit that its ref points at, and, of those
/// that were taken before, as they were when they last were right. By name.
struct SourceFiles {
  std::map<std::string, ReadFile> latest;
  std::map<std::string, ReadFile> before;
};

/// Which files of a source hold, each as its document says.
struct SourceChoice {
  std::map<std::string, GitOrigin> files;
  std::vector<Problem> problems;  ///< of its latest files
};

struct MergedDefinitions {
  Definitions definitions;
  std::vector<SourceChoice> choices;  ///< one for each source
  std::vector<Problem> problems;      ///< of the files that are no source's: nothing holds then
};

/// What load_definitions asks.
struct DefinitionChecks {
  std::function<Status(const TaskRequest&)> check_task;
  DigestOfFiles digest_of_files;
};

/// One set of definitions of files that are read where they stand, and of sources. Earlier ones
/// have the say about a name, but those of sources that held before come before what is new. A file
/// of a source that is wrong, by itself or with the others, is held in the version that was right
/// before, or not at all; all that is right without it holds.
MergedDefinitions merge_definitions(std::span<const Document> own,
                                    std::span<const SourceFiles> sources,
                                    const DefinitionChecks& checks);

}  // namespace waybill
