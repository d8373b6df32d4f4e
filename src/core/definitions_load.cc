#include "core/definitions_load.h"

#include <algorithm>
#include <boost/json.hpp>
#include <functional>
#include <iterator>
#include <optional>
#include <tuple>
#include <utility>

#include "base/check.h"
#include "base/json.h"
#include "core/definition_fields.h"
#include "core/definition_read.h"
#include "core/definitions_prune.h"
#include "core/json_schema.h"
#include "core/pipeline/definition_check.h"
#include "core/pipeline/definition_read.h"
#include "core/program_files.h"
#include "core/suggest.h"

namespace waybill {
namespace bj = boost::json;
namespace {

const JsonSchema& schema() {
  static const JsonSchema kSchema = [] {
    const auto text = json::parse(definitions_schema());
    WAYBILL_CHECK(text, "the embedded schema is JSON");
    auto compilation = JsonSchema::compile(*text, standard_formats());
    WAYBILL_CHECK(compilation.schema, "the embedded schema compiles");
    return *compilation.schema;
  }();
  return kSchema;
}

/// Of taking out what the schema refuses: what is around it may be wrong without it.
constexpr int kPruneRounds = 3;
/// In a file with more mistakes what the schema refuses comes first.
constexpr std::size_t kPrunedMax = 200;

/// Whether `pointer` is `entry` or something in it.
bool is_within(std::string_view pointer, std::string_view entry) {
  return pointer.starts_with(entry) &&
         (pointer.size() == entry.size() || pointer[entry.size()] == '/');
}

/// Where in a definition the field is that a kind refuses: its message may begin with a pointer.
std::string refused_field(const Entry& entry, const std::string& message) {
  const bool is_command = Fields(entry.object).text("kind", "command") == "command";
  if (!message.starts_with('/')) return is_command ? "" : "/kind";
  return (is_command ? "" : "/spec") + message.substr(0, message.find_first_of(" :"));
}

using CheckTask = std::function<Status(const TaskRequest&)>;

class Loader {
 public:
  Loader(std::span<const Document> documents, const CheckTask& check_task,
         const DigestOfFiles& digest_of_files)
      : documents_(documents), check_task_(check_task), digest_of_files_(digest_of_files) {}

  DefinitionsLoad load() {
    for (const Document& document : documents_) check(document);
    each("tasks", [&](const Entry& entry, std::vector<SchemaViolation>& violations) {
      TaskDefinition task = read_task(entry, violations);
      label_origin({"definition", "/labels"}, task.labels, violations);
      if (violations.empty()) add_digests(entry, digest_of_files_, task, violations);
      const auto read = result_.definitions.tasks.emplace(entry.name, std::move(task));
      if (!violations.empty()) return;
      check_kind(entry, read.first->second, violations);
      check_notify(entry, violations);
    });
    each("queues", [&](const Entry& entry, std::vector<SchemaViolation>& violations) {
      result_.definitions.queues.emplace(entry.name, read_queue(entry, violations));
      if (auto rule = read_who_may(entry, violations)) {
        result_.definitions.queue_rules.emplace(entry.name, std::move(*rule));
      }
    });
    each("scans", [&](const Entry& entry, std::vector<SchemaViolation>& violations) {
      for (const char* field : {"intake_task", "aggregate_task", "task"}) {
        find_task(entry, field, violations);
      }
      result_.definitions.scans.emplace(entry.name, read_scan(entry, violations));
    });
    each("imports", [&](const Entry& entry, std::vector<SchemaViolation>& violations) {
      find_task(entry, "task", violations);
      for (const auto& type : Fields(entry.object).object("types")) {
        require_task(std::string(type.value().get_string()),
                     child_pointer("/types", std::string(type.key())), violations);
      }
      result_.definitions.imports.emplace(entry.name, read_import(entry, violations));
    });
    read_pipelines();
    each("schedules", [&](const Entry& entry, std::vector<SchemaViolation>& violations) {
      std::optional<Schedule> schedule;
      if (Fields(entry.object).has("pipeline")) {
        const pipeline::PipelineDefinition* found = find_pipeline(entry, violations);
        if (found != nullptr) schedule = read_schedule(entry, *found, violations);
      } else if (const TaskDefinition* task = find_task(entry, "task", violations)) {
        schedule = read_schedule(entry, *task, violations);
      }
      if (!schedule) return;
      schedule->source = entry.file;
      if (violations.empty()) check_notify(entry, violations);
      result_.definitions.schedules.emplace(entry.name, std::move(*schedule));
    });
    sort_problems();
    return std::move(result_);
  }

 private:
  struct Checked {
    const Document* document;
    bj::value value;
    std::vector<SchemaViolation> violations;  ///< of what is left of it
  };
  struct Place {
    const Document* document;
    std::string pointer;
  };
  struct Labelled {
    std::string what;     ///< `definition` or `pipeline`
    std::string pointer;  ///< to its own labels
  };
  using Read = std::function<void(const Entry&, std::vector<SchemaViolation>&)>;

  void check(const Document& document) {
    auto value = json::parse(document.json);
    if (!value) {
      result_.problems.push_back({.file = document.file, .message = value.error().message});
      return;
    }
    if (value->is_null()) return;  // an empty file says nothing
    std::vector<SchemaViolation> violations = schema().check(*value);
    for (const SchemaViolation& violation : violations) add(document, violation);
    // What is right of an entry is looked at all the same, so that everything is told at once.
    for (int round = 0; round < kPruneRounds && !violations.empty(); ++round) {
      if (violations.size() > kPrunedMax) break;
      std::vector<std::string> more = complete(*value, violations);
      std::ranges::move(prune(*value, violations), std::back_inserter(more));
      if (more.empty()) break;
      std::ranges::move(more, std::back_inserter(taken_[&document]));
      violations = schema().check(*value);
    }
    checked_.push_back({&document, std::move(*value), std::move(violations)});
  }

  /// Reads every entry of one map over all files; those that the schema refused are only noted.
  void each(std::string_view map, const Read& read) {
    std::map<std::string, std::string> places;
    for (const Checked& checked : checked_) {
      if (!checked.value.is_object()) continue;
      const bj::value* found = Fields(checked.value.get_object()).find(map);
      if (found == nullptr || !found->is_object()) continue;
      for (const auto& member : found->get_object()) {
        const std::string name(member.key());
        const std::string pointer = child_pointer("/" + std::string(map), name);
        if (map == "tasks") task_names_.push_back(name);
        if (map == "pipelines") pipeline_names_.push_back(name);
        const auto [first, is_new] = places.emplace(name, place(*checked.document, pointer));
        if (!is_new) {
          add(*checked.document,
              {.pointer = pointer,
               .message = "\"" + name + "\" is defined twice; the first is at " + first->second,
               .of = SchemaViolation::Of::key});
          continue;
        }
        result_.definitions.places[std::string(map)].emplace(
            name, DefinitionPlace{.file = checked.document->file,
                                  .at = checked.document->key_at(pointer),
                                  .origin = checked.document->origin,
                                  .json = json::serialize(member.value())});
        if (!is_sound(checked, pointer)) continue;
        read_entry(checked, pointer,
                   {.name = name,
                    .object = member.value().get_object(),
                    .file = checked.document->file,
                    .directory = checked.document->directory,
                    .is_confined = checked.document->origin.has_value()},
                   read);
      }
    }
  }

  /// Each by itself, then what they say of tasks and of each other.
  void read_pipelines() {
    std::map<std::string, Place> places;
    each("pipelines", [&](const Entry& entry, std::vector<SchemaViolation>& violations) {
      auto read = pipeline::read_pipeline(entry, violations);
      const bool is_read = violations.empty();
      if (is_read) check_notify(entry, violations);
      for (pipeline::StepDefinition& step : read.steps) {
        if (!step.inline_task) continue;
        label_origin({"definition", child_pointer("/steps", step.name) + "/task/labels"},
                     step.inline_task->labels, violations);
        if (is_read) check_inline(entry, step, violations);
      }
      label_origin({"pipeline", "/labels"}, read.labels, violations);
      places.emplace(entry.name, Place{document_, pointer_});
      result_.definitions.pipelines.emplace(entry.name, std::move(read));
    });
    auto found = pipeline::check_references(result_.definitions.pipelines, readable_tasks());
    for (auto& [name, violation] : found) {
      const Place& place = places.at(name);
      violation.pointer = place.pointer + violation.pointer;
      tell(*place.document, violation);
    }
  }

  /// Those that could not be read are there all the same: only a name that nobody has is wrong.
  pipeline::TaskDefinitions readable_tasks() const {
    pipeline::TaskDefinitions tasks = result_.definitions.tasks;
    for (const std::string& name : task_names_) tasks.try_emplace(name);
    return tasks;
  }

  void check_inline(const Entry& entry, pipeline::StepDefinition& step,
                    std::vector<SchemaViolation>& violations) const {
    const std::string pointer = child_pointer("/steps", step.name) + "/task";
    const bj::object& steps = Fields(entry.object).object("steps");
    const bj::object& task = Fields(steps.at(step.name).get_object()).object("task");
    std::vector<SchemaViolation> inner;
    const Entry inner_entry{.name = step.name,
                            .object = task,
                            .file = entry.file,
                            .directory = entry.directory,
                            .is_confined = entry.is_confined};
    add_digests(inner_entry, digest_of_files_, *step.inline_task, inner);
    check_kind(inner_entry, *step.inline_task, inner);
    check_notify(inner_entry, inner);
    for (SchemaViolation& violation : inner) {
      violation.pointer = pointer + violation.pointer;
      violations.push_back(std::move(violation));
    }
  }

  void read_entry(const Checked& checked, const std::string& pointer, const Entry& entry,
                  const Read& read) {
    std::vector<SchemaViolation> violations;
    document_ = checked.document;
    pointer_ = pointer;
    read(entry, violations);
    for (SchemaViolation& violation : violations) {
      violation.pointer = pointer + violation.pointer;
      tell(*checked.document, violation);
    }
  }

  /// What its tasks are labelled with, so that each says where it comes from.
  void label_origin(const Labelled& labelled, Labels& labels,
                    std::vector<SchemaViolation>& violations) const {
    if (const Status fit = check_labels(labels); !fit) {
      violations.push_back({.pointer = labelled.pointer, .message = fit.error().message});
    }
    const auto& origin = document_->origin;
    if (!origin) return;
    const std::string& what = labelled.what;
    labels.emplace_back(what + ".repository", origin->repository);
    labels.emplace_back(what + ".commit", origin->commit);
    labels.emplace_back(what + ".file", origin->path);
  }

  static bool is_sound(const Checked& checked, const std::string& pointer) {
    return std::none_of(checked.violations.begin(), checked.violations.end(),
                        [&](const SchemaViolation& v) { return is_within(v.pointer, pointer); });
  }

  void check_kind(const Entry& entry, const TaskDefinition& task,
                  std::vector<SchemaViolation>& violations) const {
    const Status checked = check_task_ ? check_task_(make_request(task, "{}")) : Status{};
    if (checked) return;
    const std::string& message = checked.error().message;
    violations.push_back({.pointer = refused_field(entry, message), .message = message});
  }

  /// What the kinds of notifications refuse of its rules.
  void check_notify(const Entry& entry, std::vector<SchemaViolation>& violations) const {
    if (!check_task_) return;
    for (const auto& [rule, pointer] : read_notify_rules(entry)) {
      const Status checked = check_task_(notification_request(rule, "{}"));
      if (checked) continue;
      const std::string& message = checked.error().message;
      const std::string field =
          message.starts_with('/') ? message.substr(0, message.find_first_of(" :")) : "";
      violations.push_back({.pointer = pointer + field, .message = message});
    }
  }

  /// Null if the field is not there, or names no task that could be read.
  const TaskDefinition* find_task(const Entry& entry, const char* field,
                                  std::vector<SchemaViolation>& violations) const {
    const std::string name = Fields(entry.object).text(field);
    if (name.empty()) return nullptr;
    const auto found = result_.definitions.tasks.find(name);
    if (found != result_.definitions.tasks.end()) return &found->second;
    require_task(name, "/" + std::string(field), violations);
    return nullptr;
  }

  /// The same of the pipeline that a schedule names.
  const pipeline::PipelineDefinition* find_pipeline(
      const Entry& entry, std::vector<SchemaViolation>& violations) const {
    const std::string name = Fields(entry.object).text("pipeline");
    const auto found = result_.definitions.pipelines.find(name);
    if (found != result_.definitions.pipelines.end()) return &found->second;
    if (std::ranges::find(pipeline_names_, name) == pipeline_names_.end()) {
      violations.push_back({.pointer = "/pipeline",
                            .message = "there is no pipeline \"" + name + "\"" +
                                       did_you_mean(name, pipeline_names_)});
    }
    return nullptr;
  }

  /// One that could not be read is there all the same.
  void require_task(const std::string& name, std::string pointer,
                    std::vector<SchemaViolation>& violations) const {
    if (std::find(task_names_.begin(), task_names_.end(), name) != task_names_.end()) return;
    violations.push_back({.pointer = std::move(pointer),
                          .message = "there is no task definition \"" + name + "\"" +
                                     did_you_mean(name, task_names_)});
  }

  static std::string place(const Document& document, const std::string& pointer) {
    return document.file + ":" + std::to_string(document.key_at(pointer).line);
  }

  /// Not what may be so only because something was taken out.
  void tell(const Document& document, const SchemaViolation& violation) {
    if (!comes_of(violation.pointer, taken_[&document])) add(document, violation);
  }

  void add(const Document& document, const SchemaViolation& violation) {
    const Position at = violation.of == SchemaViolation::Of::key
                            ? document.key_at(violation.pointer)
                            : document.value_at(violation.pointer);
    // Without places (a document made by hand) the pointer says where.
    result_.problems.push_back(
        {.file = document.file,
         .at = at,
         .message = at.line == 0 ? to_string(violation) : violation.message});
  }

  void sort_problems() {
    const auto order = [&](const Problem& problem) {
      const auto of_file = std::find_if(documents_.begin(), documents_.end(),
                                        [&](const Document& d) { return d.file == problem.file; });
      return std::tuple(of_file - documents_.begin(), problem.at.line, problem.at.column);
    };
    std::stable_sort(result_.problems.begin(), result_.problems.end(),
                     [&](const Problem& a, const Problem& b) { return order(a) < order(b); });
  }

  std::span<const Document> documents_;
  const CheckTask& check_task_;
  const DigestOfFiles& digest_of_files_;
  std::vector<Checked> checked_;
  std::map<const Document*, std::vector<std::string>> taken_;  ///< what the schema refused
  std::vector<std::string> task_names_;
  std::vector<std::string> pipeline_names_;
  const Document* document_ = nullptr;  ///< where the entry stands that is read now
  std::string pointer_;
  DefinitionsLoad result_;
};

}  // namespace

DefinitionsLoad load_definitions(std::span<const Document> documents, const CheckTask& check_task,
                                 const DigestOfFiles& digest_of_files) {
  return Loader(documents, check_task, digest_of_files).load();
}

}  // namespace waybill
