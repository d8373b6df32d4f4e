#include "core/source_state.h"

#include <boost/json.hpp>
#include <utility>

#include "base/json.h"
#include "core/definition_fields.h"
#include "core/json_schema.h"

namespace waybill {
namespace bj = boost::json;
namespace {

constexpr std::string_view kSchema = R"({
  "type": "object",
  "required": ["source", "commit", "tree", "left_out", "files", "problems", "error", "checked_at",
               "changed_at"],
  "properties": {
    "source": {"type": "string"}, "commit": {"type": "string"}, "tree": {"type": "string"},
    "left_out": {"type": "array", "items": {"type": "string"}},
    "files": {"type": "object", "additionalProperties": {
      "type": "object", "required": ["commit", "tree"],
      "properties": {"commit": {"type": "string"}, "tree": {"type": "string"}}}},
    "problems": {"type": "array", "items": {
      "type": "object", "required": ["file", "line", "column", "message"],
      "properties": {"file": {"type": "string"}, "line": {"type": "integer"},
                     "column": {"type": "integer"}, "message": {"type": "string"}}}},
    "error": {"type": "string"},
    "checked_at": {"type": "integer"}, "changed_at": {"type": "integer"}}})";

Status check(const bj::value& value) {
  const auto schema = JsonSchema::compile(json::parse(kSchema).value(), standard_formats());
  const auto violations = schema.schema->check(value);
  if (violations.empty()) return {};
  return fail(Code::data_loss, "the state of a source: " + to_string(violations[0]));
}

std::int64_t number_of(Time time) { return time.time_since_epoch().count(); }
Time time_of(std::int64_t number) { return Time(Duration(number)); }

}  // namespace

std::string source_state_to_json(const SourceState& state) {
  bj::object files;
  for (const auto& [name, file] : state.files) {
    files[name] = bj::object{{"commit", file.commit}, {"tree", file.tree}};
  }
  bj::array problems;
  for (const Problem& problem : state.problems) {
    problems.push_back(bj::object{{"file", problem.file},
                                  {"line", problem.at.line},
                                  {"column", problem.at.column},
                                  {"message", json::text(problem.message)}});
  }
  bj::array left_out;
  for (const std::string& path : state.left_out) left_out.emplace_back(json::text(path));
  return json::serialize(bj::object{{"source", state.source},
                                    {"commit", state.commit},
                                    {"tree", state.tree},
                                    {"left_out", std::move(left_out)},
                                    {"files", std::move(files)},
                                    {"problems", std::move(problems)},
                                    {"error", json::text(state.error)},
                                    {"checked_at", number_of(state.checked_at)},
                                    {"changed_at", number_of(state.changed_at)}});
}

Result<SourceState> read_source_state(std::string_view text) {
  const auto value = json::parse(text);
  if (!value) return fail(Code::data_loss, "the state of a source: " + value.error().message);
  if (Status sound = check(*value); !sound) return fail(sound.error());
  const Fields fields(value->get_object());
  SourceState state{.source = fields.text("source"),
                    .commit = fields.text("commit"),
                    .tree = fields.text("tree"),
                    .left_out = {},
                    .files = {},
                    .problems = {},
                    .error = fields.text("error"),
                    .checked_at = time_of(fields.integer("checked_at", 0)),
                    .changed_at = time_of(fields.integer("changed_at", 0))};
  for (const bj::value& path : fields.find("left_out")->get_array()) {
    state.left_out.emplace_back(path.get_string());
  }
  for (const auto& member : fields.object("files")) {
    const Fields file(member.value().get_object());
    state.files.emplace(member.key(),
                        PinnedFile{.commit = file.text("commit"), .tree = file.text("tree")});
  }
  for (const bj::value& each : fields.find("problems")->get_array()) {
    const Fields problem(each.get_object());
    state.problems.push_back(
        {.file = problem.text("file"),
         .at = {.line = static_cast<std::uint32_t>(problem.integer("line", 0)),
                .column = static_cast<std::uint32_t>(problem.integer("column", 0))},
         .message = problem.text("message")});
  }
  return state;
}

}  // namespace waybill
