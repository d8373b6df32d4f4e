#include "apps/waybill/commands/run_ids.h"

#include <boost/json.hpp>
#include <fstream>
#include <sstream>
#include <utility>

#include "apps/waybill/commands/task_ids.h"
#include "apps/waybill/commands/task_request.h"
#include "base/ascii.h"
#include "base/json.h"

namespace waybill::cli {
namespace {

namespace bj = boost::json;

constexpr std::size_t kRunPrefixMin = 4;
constexpr std::string_view kRunIdLow = "00000000-0000-0000-0000-000000000000";
constexpr std::string_view kRunIdHigh = "ffffffff-ffff-ffff-ffff-ffffffffffff";

Result<Uuid> run_bound(const std::string& prefix, std::string_view filling) {
  if (prefix.size() > filling.size()) return fail(Code::invalid_argument, "too long");
  return parse_uuid(prefix + std::string(filling.substr(prefix.size())));
}

Result<std::string> read_text_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  if (!file.is_open() || file.bad()) {
    return fail(Code::not_found, "--params: the file " + path + " cannot be read");
  }
  return text.str();
}

}  // namespace

Result<OpenDesk> OpenDesk::open(Session& session, OpenStore mode) {
  const auto definitions = session.definitions();
  if (!definitions) return fail(definitions.error());
  const auto store = session.store(mode);
  if (!store) return fail(store.error());
  return OpenDesk(**store,
                  std::make_unique<RunDesk>(RunDesk::Ports{.store = (*store)->beside().runs,
                                                           .definitions = always(**definitions),
                                                           .clock = session.clock()}));
}

Error without_definitions(Session& session, Error error) {
  if (error.code != Code::not_found || names_definitions(session.config())) return error;
  error.message += "; name the directory of definitions with --definitions DIR";
  return error;
}

Result<pipeline::KeptRun> find_run(RunDesk& desk, const std::string& text) {
  const std::string prefix = to_lower(text);
  const auto first = run_bound(prefix, kRunIdLow);
  const auto last = run_bound(prefix, kRunIdHigh);
  if (prefix.size() < kRunPrefixMin || !first || !last) {
    return fail(Code::invalid_argument, "\"" + text +
                                            "\" is no run's id: give all of it, or its first " +
                                            std::to_string(kRunPrefixMin) +
                                            " or more characters; list runs with `waybill run "
                                            "list`");
  }
  if (*first == *last) return desk.get(*first);
  const auto page = desk.page(
      {.states = {}, .id_first = *first, .id_last = *last, .limit = 2, .with_texts = false});
  if (!page) return fail(page.error());
  if (page->runs.empty()) {
    return fail(Code::not_found, "no run " + text + "; list them with `waybill run list`");
  }
  if (page->runs.size() > 1) {
    return fail(Code::invalid_argument, "more than one run begins with " + text + ": " +
                                            to_string(page->runs[0].id) + ", " +
                                            to_string(page->runs[1].id) + "; give more of its id");
  }
  return desk.get(page->runs[0].id);
}

Result<TaskOrRun> find_task_or_run(Session& session, Store& store, const std::string& text) {
  static const Definitions kNoDefinitions;
  RunDesk desk(RunDesk::Ports{.store = store.beside().runs,
                              .definitions = always(kNoDefinitions),
                              .clock = session.clock()});
  const auto task = find_task(store.reader(), text);
  const bool is_none = !task && task.error().code == Code::not_found;
  if (!task && !is_none) return fail(task.error());
  const auto run = find_run(desk, text);
  if (task && run) {
    return fail(Code::invalid_argument, "a task and a run begin with " + text + ": " +
                                            to_string(task->id()) + ", " + to_string(run->id) +
                                            "; give more of its id");
  }
  if (run) return TaskOrRun{.id = run->id, .is_run = true};
  if (task) return TaskOrRun{.id = task->id(), .is_run = false};
  if (run.error().code != Code::not_found) return fail(run.error());
  return fail(Code::not_found, "no task and no run " + text +
                                   "; list them with `waybill task list` and `waybill run list`");
}

Result<std::optional<std::string>> read_params_option(const Invocation& invocation,
                                                      const std::vector<std::string>& pairs,
                                                      std::string_view schema) {
  if (!invocation.has("params") && pairs.empty()) return std::optional<std::string>();
  std::string text = invocation.has("params") ? invocation.text("params") : "{}";
  if (text.starts_with("@")) {
    auto read = read_text_file(text.substr(1));
    if (!read) return fail(read.error());
    text = std::move(*read);
  }
  auto value = json::parse(text);
  if (!value) return fail(with_context(value.error(), "--params"));
  if (!value->is_object()) {
    return fail(Code::invalid_argument, "--params: has to be a JSON object");
  }
  if (Status kept = check_numbers_kept("--params", text, *value); !kept) return fail(kept.error());
  auto params = with_params(std::move(value->get_object()), pairs, "params", schema);
  if (!params) return fail(params.error());
  return std::optional<std::string>(std::move(*params));
}

}  // namespace waybill::cli
