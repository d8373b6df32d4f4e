#include "core/definitions_merge.h"

#include <algorithm>
#include <utility>

namespace waybill {
namespace {

/// One file of a source, and which version of it holds as far as is known.
struct Slot {
  std::size_t source = 0;
  std::string name;
  std::vector<const ReadFile*> versions;  ///< that are left to try, the best first
  const ReadFile* held = nullptr;         ///< the one of them that held before

  /// Who has the say about a name: a version that held, then a new one of a file that did.
  int rank() const {
    if (held == nullptr) return 2;
    return !versions.empty() && versions.front() == held ? 0 : 1;
  }
};

class Merger {
 public:
  Merger(std::span<const Document> own, std::span<const SourceFiles> sources,
         const DefinitionChecks& checks)
      : own_(own), checks_(checks) {
    merged_.choices.resize(sources.size());
    for (std::size_t i = 0; i < sources.size(); ++i) add(i, sources[i]);
  }

  MergedDefinitions merge() {
    for (Slot& slot : slots_) {
      while (!slot.versions.empty() && !slot.versions.front()->problems.empty()) {
        note(slot, slot.versions.front()->problems);
        slot.versions.erase(slot.versions.begin());
      }
    }
    // Each round takes a version from at least one slot, so it ends.
    while (true) {
      DefinitionsLoad load =
          load_definitions(documents(), checks_.check_task, checks_.digest_of_files);
      if (load.problems.empty()) {
        merged_.definitions = std::move(load.definitions);
        break;
      }
      if (!drop_wrong(load.problems)) {
        merged_.problems = std::move(load.problems);
        break;
      }
    }
    for (const Slot& slot : slots_) {
      if (slot.versions.empty()) continue;
      merged_.choices[slot.source].files.emplace(slot.name,
                                                 *slot.versions.front()->document.origin);
    }
    return std::move(merged_);
  }

 private:
  void add(std::size_t source, const SourceFiles& files) {
    for (const auto& [name, latest] : files.latest) {
      Slot slot{.source = source, .name = name, .versions = {&latest}};
      const auto before = files.before.find(name);
      if (before != files.before.end()) {
        const bool is_same = before->second.document.json == latest.document.json;
        slot.held = is_same ? &latest : &before->second;
      }
      // That a file went is said by the commit; that it cannot be read any more is no reason.
      if (before != files.before.end() &&
          before->second.document.origin != latest.document.origin) {
        slot.versions.push_back(&before->second);
      }
      slots_.push_back(std::move(slot));
    }
  }

  std::vector<Document> documents() const {
    std::vector<Document> documents(own_.begin(), own_.end());
    // What is new takes no name from what held before, wherever it stands.
    for (const int rank : {0, 1, 2}) {
      for (const Slot& slot : slots_) {
        if (slot.versions.empty() || slot.rank() != rank) continue;
        documents.push_back(slot.versions.front()->document);
      }
    }
    return documents;
  }

  /// Whether any was dropped; else all that is wrong stands in files of our own.
  bool drop_wrong(const std::vector<Problem>& problems) {
    bool any = false;
    for (Slot& slot : slots_) {
      if (slot.versions.empty()) continue;
      std::vector<Problem> of_file;
      for (const Problem& problem : problems) {
        if (problem.file == slot.versions.front()->document.file) of_file.push_back(problem);
      }
      if (of_file.empty()) continue;
      note(slot, of_file);
      slot.versions.erase(slot.versions.begin());
      any = true;
    }
    return any;
  }

  void note(const Slot& slot, const std::vector<Problem>& problems) {
    std::vector<Problem>& noted = merged_.choices[slot.source].problems;
    noted.insert(noted.end(), problems.begin(), problems.end());
  }

  std::span<const Document> own_;
  const DefinitionChecks& checks_;
  std::vector<Slot> slots_;
  MergedDefinitions merged_;
};

}  // namespace

MergedDefinitions merge_definitions(std::span<const Document> own,
                                    std::span<const SourceFiles> sources,
                                    const DefinitionChecks& checks) {
  return Merger(own, sources, checks).merge();
}

}  // namespace waybill
