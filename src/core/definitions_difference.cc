#include "core/definitions_difference.h"

#include <algorithm>
#include <boost/json.hpp>
#include <iterator>
#include <map>
#include <utility>

#include "base/json.h"

namespace waybill {
namespace bj = boost::json;
namespace {

constexpr std::string_view kMaps[] = {"tasks",     "pipelines", "scans",
                                      "schedules", "queues",    "imports"};

struct Written {
  bj::value value;
  std::string file;
  Position at;
};
using WrittenByName = std::map<std::string, Written>;

/// The first of a name counts, as for the loader.
WrittenByName written(std::span<const Document> documents, std::string_view map) {
  WrittenByName all;
  for (const Document& document : documents) {
    const auto value = json::parse(document.json);
    if (!value || !value->is_object()) continue;
    const bj::value* found = value->get_object().if_contains({map.data(), map.size()});
    if (found == nullptr || !found->is_object()) continue;
    for (const auto& member : found->get_object()) {
      const std::string name(member.key());
      const Position at = document.key_at(child_pointer("/" + std::string(map), name));
      all.try_emplace(name, Written{member.value(), document.file, at});
    }
  }
  return all;
}

/// Where a value of a definition stands. Names of steps, of params and of labels are the author's
/// own, so that no dotted name tells.
enum class Place : std::uint8_t { definition, steps, step, own, elsewhere };

Place place_of(Place around, std::string_view key) {
  switch (around) {
    case Place::definition:
      if (key == "steps") return Place::steps;
      return key == "params" || key == "labels" ? Place::own : Place::elsewhere;
    case Place::steps:
      return Place::step;
    case Place::step:
      return key == "task" ? Place::definition : Place::elsewhere;
    case Place::own:
      return Place::own;
    case Place::elsewhere:
      break;
  }
  return Place::elsewhere;
}

struct FlatField {
  std::string text;
  bool is_own = false;
};
using FlatFields = std::map<std::string, FlatField>;

/// Each value that is no map, by its dotted name.
void flatten(const std::string& name, Place place, const bj::value& value, FlatFields& fields) {
  if (!value.is_object() || value.get_object().empty()) {
    FlatField& field = fields[name];
    field = {json::serialize(value), place == Place::own};
    return;
  }
  for (const auto& member : value.get_object()) {
    const std::string key(member.key());
    flatten(name.empty() ? key : name + "." + key, place_of(place, key), member.value(), fields);
  }
}

std::vector<FieldDifference> fields_between(const bj::value* before, const bj::value* now) {
  FlatFields old_fields;
  FlatFields new_fields;
  if (before != nullptr) flatten("", Place::definition, *before, old_fields);
  if (now != nullptr) flatten("", Place::definition, *now, new_fields);
  std::map<std::string, FieldDifference> all;
  for (const auto& [field, flat] : old_fields) all[field] = {field, flat.text, "", flat.is_own};
  for (const auto& [field, flat] : new_fields) {
    FieldDifference& difference = all[field];
    difference = {field, difference.before, flat.text, flat.is_own};
  }
  std::vector<FieldDifference> differences;
  for (auto& [field, difference] : all) {
    if (difference.before != difference.now) differences.push_back(std::move(difference));
  }
  return differences;
}

DefinitionDifference difference_of(std::string_view map, const std::string& name,
                                   const Written* before, const Written* now) {
  const Written& shown = now != nullptr ? *now : *before;
  DefinitionDifference difference{
      .map = std::string(map), .name = name, .file = shown.file, .at = shown.at, .fields = {}};
  if (before == nullptr) difference.is = DefinitionDifference::Is::added;
  if (now == nullptr) difference.is = DefinitionDifference::Is::removed;
  difference.fields = fields_between(before == nullptr ? nullptr : &before->value,
                                     now == nullptr ? nullptr : &now->value);
  return difference;
}

}  // namespace

std::string_view to_string(DefinitionDifference::Is is) {
  if (is == DefinitionDifference::Is::added) return "added";
  return is == DefinitionDifference::Is::removed ? "removed" : "changed";
}

std::vector<DefinitionDifference> definitions_difference(std::span<const Document> before,
                                                         std::span<const Document> now) {
  std::vector<DefinitionDifference> differences;
  for (const std::string_view map : kMaps) {
    const WrittenByName old_ones = written(before, map);
    const WrittenByName new_ones = written(now, map);
    std::map<std::string, std::pair<const Written*, const Written*>> all;
    for (const auto& [name, each] : old_ones) all[name].first = &each;
    for (const auto& [name, each] : new_ones) all[name].second = &each;
    for (const auto& [name, pair] : all) {
      auto difference = difference_of(map, name, pair.first, pair.second);
      const bool same =
          difference.is == DefinitionDifference::Is::changed && difference.fields.empty();
      if (!same) differences.push_back(std::move(difference));
    }
  }
  return differences;
}

bool is_permission(std::string_view map, const FieldDifference& difference) {
  const std::string& field = difference.field;
  constexpr std::string_view kWhole[] = {"schedules", "queues", "scans", "imports"};
  if (std::ranges::find(kWhole, map) != std::end(kWhole)) return field != "description";
  constexpr std::string_view kParts[] = {
      "secrets",           "who_may", "limits", "command",   "shell", "environment",
      "working_directory", "spec",    "notify", "wait.http", "queue"};
  if (difference.is_own) return false;
  const std::string dotted = "." + field + ".";
  return std::ranges::any_of(kParts, [&](std::string_view part) {
    return dotted.find("." + std::string(part) + ".") != dotted.npos;
  });
}

bj::object check_to_json(const DefinitionsCheck& check) {
  bj::array problems;
  for (const Problem& problem : check.problems) {
    problems.push_back(bj::object{{"file", json::text(problem.file)},
                                  {"line", problem.at.line},
                                  {"column", problem.at.column},
                                  {"message", json::text(problem.message)}});
  }
  bj::array differences;
  for (const DefinitionDifference& each : check.differences) {
    bj::array fields;
    for (const FieldDifference& field : each.fields) {
      const auto value = [](const std::string& text) {
        return text.empty() ? bj::value(nullptr) : bj::value(json::parse(text).value());
      };
      fields.push_back(bj::object{{"field", json::text(field.field)},
                                  {"before", value(field.before)},
                                  {"now", value(field.now)},
                                  {"permission", is_permission(each.map, field)}});
    }
    differences.push_back(bj::object{{"is", json::text(to_string(each.is))},
                                     {"map", each.map},
                                     {"name", json::text(each.name)},
                                     {"file", json::text(each.file)},
                                     {"line", each.at.line},
                                     {"fields", std::move(fields)}});
  }
  return {{"problems", std::move(problems)},
          {"against", json::text_or_null(check.against)},
          {"differences", std::move(differences)}};
}

}  // namespace waybill
