#include <algorithm>
#include <boost/json.hpp>

#include "apps/waybill/cli/table.h"
#include "apps/waybill/commands/commands.h"
#include "apps/waybill/commands/views.h"
#include "apps/waybill/runtime/definition_sources.h"
#include "apps/waybill/runtime/errands.h"
#include "apps/waybill/runtime/logins.h"
#include "apps/waybill/session.h"
#include "base/json.h"
#include "core/notify.h"

namespace waybill::cli {
namespace {

namespace bj = boost::json;

Exit show_config(Session& session, const Invocation&) {
  const ConfigLoad& load = session.config_load();
  Output& output = session.output();
  bj::array settings;
  Table table({"SETTING", "VALUE", "FROM", "RANGE", "WHAT"});
  for (const ConfigEntry& entry : config_entries()) {
    const ConfigValue& value = load.values.at(std::string(entry.name));
    settings.push_back(bj::object{{"name", json::text(entry.name)},
                                  {"value", value.text},
                                  {"origin", json::text(to_string(value.origin))},
                                  {"source", value.source},
                                  {"default", json::text(entry.fallback)},
                                  {"range", json::text(entry.range)},
                                  {"help", json::text(entry.help)}});
    const bool given = value.origin != ConfigOrigin::fallback;
    table.add({std::string(entry.name),
               {value.text.empty() ? "-" : value.text, given ? Colour::bold : Colour::none},
               value.source,
               std::string(entry.range),
               std::string(entry.help)});
  }
  if (output.json()) {
    output.json_line(bj::object{{"settings", std::move(settings)}});
  } else {
    output.data(table.text(output));
  }
  return 0;
}

bj::object to_json(const std::string& directory, const DefinitionSources::Loaded& load) {
  bj::array problems;
  for (const Problem& problem : load.problems) {
    problems.push_back(bj::object{{"file", problem.file},
                                  {"line", problem.at.line},
                                  {"column", problem.at.column},
                                  {"message", problem.message}});
  }
  const Definitions& found = load.definitions;
  return {{"definitions", directory},
          {"tasks", found.tasks.size()},
          {"pipelines", found.pipelines.size()},
          {"scans", found.scans.size()},
          {"schedules", found.schedules.size()},
          {"queues", found.queues.size()},
          {"imports", found.imports.size()},
          {"problems", std::move(problems)}};
}

Exit check_for_programs(Session& session) {
  const std::string& directory = session.config().definitions;
  const auto sources = DefinitionSources::create(session.config(), session.clock());
  if (!sources) return fail(sources.error());
  const auto loaded = (*sources)->look();
  if (!loaded) return fail(loaded.error());
  session.output().json_line(to_json(directory, *loaded));
  return loaded->problems.empty() ? 0 : exit_status(Code::invalid_argument);
}

bool has_mail(const std::string& notify) {
  const auto rules = read_notify(notify);
  return rules &&
         std::ranges::any_of(*rules, [](const NotifyRule& rule) { return rule.kind == kMailKind; });
}

/// Whether anybody is to be told by mail.
bool wants_mail(const Definitions& found) {
  const auto in_task = [](const auto& each) { return has_mail(each.second.notify); };
  const auto in_schedule = [](const auto& each) { return has_mail(each.second.task.notify); };
  return std::ranges::any_of(found.tasks, in_task) ||
         std::ranges::any_of(found.pipelines, in_task) ||
         std::ranges::any_of(found.schedules, in_schedule);
}

/// The settings have been checked before any command runs; what is left are the definitions.
Exit check_config(Session& session, const Invocation&) {
  if (session.output().json()) return check_for_programs(session);
  const auto definitions = session.definitions();
  if (!definitions) return fail(definitions.error());
  const Definitions& found = **definitions;
  const auto number = [](std::size_t size, std::string_view one) {
    return counted(static_cast<std::int64_t>(size), one);
  };
  if (!session.config().login.empty()) {
    if (const auto login = read_login(session.config().login); !login) return fail(login.error());
  }
  if (const auto password = read_mail_password(session.config()); !password) {
    return fail(password.error());
  }
  session.output().note("the settings are right");
  if (!names_definitions(session.config())) {
    session.output().note("no definitions: " + std::string(kNameDefinitions));
    return 0;
  }
  const std::string& directory = session.config().definitions;
  session.output().note(
      (directory.empty() ? "the definitions that are kept" : "the definitions in " + directory) +
      " are right: " + number(found.tasks.size(), "task") + ", " +
      number(found.pipelines.size(), "pipeline") + ", " + number(found.scans.size(), "scan") +
      ", " + number(found.schedules.size(), "schedule") + ", " +
      number(found.queues.size(), "queue") +
      (found.imports.empty() ? "" : ", " + number(found.imports.size(), "import")));
  if (session.config().mail_url.empty() && wants_mail(found)) {
    session.output().note(
        "somebody is to be told by mail, and no mail server is named here: where `up` or `serve` "
        "is started, set mail_url and mail_from");
  }
  return 0;
}

}  // namespace

std::vector<Command> config_commands() {
  return {{.path = "config check",
           .summary = "Check settings and definitions, and list all that is wrong",
           .examples = {"waybill config check --definitions ./definitions"},
           .run = check_config},
          {.path = "config show",
           .summary = "Print every setting with its value and where that comes from",
           .examples = {"waybill config show", "WAYBILL_SLOTS=8 waybill config show --json"},
           .run = show_config}};
}

}  // namespace waybill::cli
