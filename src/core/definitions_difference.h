#pragma once

#include <boost/json/fwd.hpp>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/document.h"

namespace waybill {

/// A field that is another one, named as `limits.memory`; JSON texts, empty: it is not there.
struct FieldDifference {
  std::string field;
  std::string before;
  std::string now;
  bool is_own =
      false;  ///< below params or labels of a task or pipeline: names are the author's own

  bool operator==(const FieldDifference&) const = default;
};

/// One definition that is new, gone, or another one.
struct DefinitionDifference {
  enum class Is : std::uint8_t { added, removed, changed };
  Is is = Is::changed;
  std::string map;  ///< `tasks`, `pipelines`, …
  std::string name;
  std::string file;  ///< where it stands, or stood
  Position at{};
  std::vector<FieldDifference> fields;  ///< of one that is new or gone: all that it has

  bool operator==(const DefinitionDifference&) const = default;
};
std::string_view to_string(DefinitionDifference::Is is);

/// What `now` has that `before` has not, and the other way round, as it is written: which file a
/// definition stands in makes no difference. In the order of the maps, then by name.
std::vector<DefinitionDifference> definitions_difference(std::span<const Document> before,
                                                         std::span<const Document> now);

/// Whether a field of a definition of that map says what its tasks may do, when and where, who may
/// have them done, or whom they tell: secrets, who_may, limits, what is run, queue, notify and URLs
/// that are waited for; and all of a schedule, a queue, a scan and an import.
bool is_permission(std::string_view map, const FieldDifference& field);

/// What a check found; `differences` mean nothing without `against`.
struct DefinitionsCheck {
  std::vector<Problem> problems;
  std::string against;  ///< what it was held against; empty: nothing
  std::vector<DefinitionDifference> differences;
};
/// For a pull request: text of authors is shown as code, whatever is in it, and cut where a comment
/// could not hold it.
std::string check_to_markdown(const DefinitionsCheck& check);
std::string check_to_text(const DefinitionsCheck& check);
/// Problems as workflow commands of GitHub Actions, which shows them beside their lines.
std::string check_to_annotations(const DefinitionsCheck& check);
boost::json::object check_to_json(const DefinitionsCheck& check);

}  // namespace waybill
