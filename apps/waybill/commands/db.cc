#include <boost/json.hpp>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <system_error>

#include "adapters/sqlite/sqlite_ledger.h"
#include "apps/waybill/cli/dry_run.h"
#include "apps/waybill/cli/table.h"
#include "apps/waybill/commands/commands.h"
#include "apps/waybill/commands/views.h"
#include "apps/waybill/postgres_store.h"
#include "apps/waybill/session.h"
#include "core/size.h"

namespace waybill::cli {
namespace {

namespace bj = boost::json;

Exit check_ledger(Session& session, const Invocation&) {
  const auto store = session.store(OpenStore::reading);
  if (!store) return fail(store.error());
  const auto report = (*store)->admin().check();
  if (!report) return fail(report.error());
  Output& output = session.output();
  if (output.json()) {
    bj::array violations;
    for (const Violation& violation : report->violations) {
      violations.push_back(bj::object{{"invariant", violation.invariant},
                                      {"subject", violation.subject},
                                      {"message", violation.message}});
    }
    output.json_line(bj::object{{"tasks_checked", report->tasks_checked},
                                {"violations_found", report->violations_found},
                                {"violations", std::move(violations)}});
  } else {
    Table table({"BROKEN", "WHERE", "WHAT"});
    for (const Violation& violation : report->violations) {
      table.add({{violation.invariant, Colour::red}, violation.subject, violation.message});
    }
    if (!table.empty()) output.data(table.text(output));
    output.note(counted(report->tasks_checked, "task") + " checked, " +
                counted(report->violations_found, "violation") + " found");
    output.note(
        "not checked: batches and markers in buckets, fires that a schedule missed (see "
        "`waybill db check --help`)");
  }
  return report->violations_found == 0 ? 0 : 1;
}

Exit show_stats(Session& session, const Invocation&) {
  const auto store = session.store(OpenStore::reading);
  if (!store) return fail(store.error());
  const auto stats = (*store)->admin().stats();
  if (!stats) return fail(stats.error());
  Output& output = session.output();
  if (output.json()) {
    output.json_line(bj::object{{"location", stats->location},
                                {"schema_version", stats->schema_version},
                                {"tasks", stats->tasks},
                                {"tasks_live", stats->tasks_live},
                                {"events_kept", stats->events_kept},
                                {"spent_keys", stats->spent_keys},
                                {"file_bytes", stats->file_bytes},
                                {"log_bytes", stats->log_bytes},
                                {"free_bytes", stats->free_bytes}});
    return 0;
  }
  Table table({"WHAT", "HOW MUCH"});
  table.add({"ledger", stats->location});
  table.add({"schema", std::to_string(stats->schema_version)});
  table.add({"tasks", std::to_string(stats->tasks)});
  table.add({"live tasks", std::to_string(stats->tasks_live)});
  table.add({"changes kept", std::to_string(stats->events_kept)});
  table.add({"spent keys", std::to_string(stats->spent_keys)});
  table.add({"file", format_size(stats->file_bytes)});
  table.add({"write-ahead log", format_size(stats->log_bytes)});
  table.add({"free in the file", format_size(stats->free_bytes)});
  output.data(table.text(output));
  return 0;
}

Status require_no_file(const std::string& path) {
  std::error_code unknown;
  if (!std::filesystem::exists(path, unknown)) return {};
  return fail(Code::already_exists,
              "backup to " + path + ": there is a file of that name; name another one");
}

/// What a backup would copy, and whether it could begin.
Status plan_backup(Session& session, LedgerAdmin& admin, const std::string& path) {
  if (Status free = require_no_file(path); !free) return free;
  const auto stats = admin.stats();
  if (!stats) return fail(stats.error());
  if (!session.output().json()) {
    session.output().note(stats->location + " with " + counted(stats->tasks, "task") +
                          " would be copied to " + path + ", about " +
                          format_size(stats->file_bytes + stats->log_bytes));
  }
  return {};
}

/// A ledger of an older schema can only be copied, and migrated.
Status back_up_older(Session& session, const std::string& path, Doing doing, int schema) {
  const std::string ledger = ledger_path(session.config());
  if (doing == Doing::really) return backup_sqlite_ledger(ledger, path, session.clock());
  if (Status free = require_no_file(path); !free) return free;
  if (!session.output().json()) {
    session.output().note(ledger + " of schema " + std::to_string(schema) + " would be copied to " +
                          path);
  }
  return {};
}

Status back_up_to(Session& session, const std::string& path, Doing doing) {
  if (is_on_postgres(session.config())) return refuse_postgres_backup();
  if (Status there = require_ledger(session.config()); !there) return there;
  const auto found = plan_sqlite_migration(ledger_path(session.config()), session.clock());
  if (!found) return fail(found.error());
  if (found->from > 0 && found->from < found->to) {
    return back_up_older(session, path, doing, found->from);
  }
  const auto store = session.store(OpenStore::reading);
  if (!store) return fail(store.error());
  LedgerAdmin& admin = (*store)->admin();
  return doing == Doing::dry ? plan_backup(session, admin, path) : admin.backup(path);
}

Exit back_up(Session& session, const Invocation& invocation) {
  const std::string& path = invocation.positionals[0];
  const Doing doing = doing_of(invocation);
  if (const Status done = back_up_to(session, path, doing); !done) return fail(done.error());
  if (session.output().json()) {
    session.output().json_line(answer(doing, {{"backup", path}}));
  } else if (doing == Doing::really) {
    session.output().note("the ledger is copied to " + path);
  }
  return 0;
}

Code code_of(int error) {
  if (error == ENOENT || error == ENOTDIR) return Code::not_found;
  if (error == EACCES) return Code::permission_denied;
  return error == ENOSPC ? Code::resource_exhausted : Code::unavailable;
}

tl::unexpected<Error> not_written(const std::string& path) {
  return fail(code_of(errno), "writing " + (path.empty() ? "to stdout" : path) + ": " +
                                  std::generic_category().message(errno));
}

/// Answers how many tasks were written.
Result<std::int64_t> write_tasks(Store& store, std::FILE* file, const std::string& path) {
  std::int64_t lines = 0;
  const Status exported = store.admin().export_tasks([&](std::string_view line) -> Status {
    ++lines;
    const bool written = std::fwrite(line.data(), 1, line.size(), file) == line.size() &&
                         std::fputc('\n', file) != EOF;
    if (!written) return not_written(path);
    return {};
  });
  if (!exported) return fail(exported.error());
  if (std::fflush(file) != 0) return not_written(path);
  return lines;
}

Exit export_ledger(Session& session, const Invocation& invocation) {
  const auto store = session.store(OpenStore::reading);
  if (!store) return fail(store.error());
  const std::string path = invocation.text("output");
  const auto close = [](std::FILE* file) { return file == stdout ? 0 : std::fclose(file); };
  const std::unique_ptr<std::FILE, decltype(close)> file(
      path.empty() ? stdout : std::fopen(path.c_str(), "wxe"), close);
  if (file == nullptr && errno == EEXIST) {
    return fail(Code::already_exists,
                "export to " + path + ": there is a file of that name; name another one");
  }
  if (file == nullptr) return not_written(path);
  const auto lines = write_tasks(**store, file.get(), path);
  if (!lines) {
    if (!path.empty()) std::remove(path.c_str());  // a part of it is of no use
    return fail(lines.error());
  }
  session.output().note(counted(*lines, "task") + " written");
  return 0;
}

struct Migration {
  int from = 0;
  int to = 0;
};

Result<Migration> bring_file_up(Session& session, Doing doing) {
  if (const Status there = require_ledger(session.config()); !there) return fail(there.error());
  const std::string path = ledger_path(session.config());
  const auto done = doing == Doing::dry ? plan_sqlite_migration(path, session.clock())
                                        : migrate_sqlite_ledger(path, session.clock());
  if (!done) return fail(done.error());
  return Migration{.from = done->from, .to = done->to};
}

/// Makes a ledger where there is none: who may make tables need not be who serves.
Result<Migration> bring_postgres_up(Session& session, Doing doing) {
  const auto done = doing == Doing::dry ? plan_postgres_schema(session.config(), session.clock())
                                        : bring_postgres_schema(session.config(), session.clock());
  if (!done) return fail(done.error());
  return Migration{.from = done->from, .to = done->to};
}

Exit migrate_ledger(Session& session, const Invocation& invocation) {
  const Doing doing = doing_of(invocation);
  const bool on_postgres = is_on_postgres(session.config());
  const std::string path = on_postgres ? session.config().ledger : ledger_path(session.config());
  const auto migration =
      on_postgres ? bring_postgres_up(session, doing) : bring_file_up(session, doing);
  if (!migration) return fail(migration.error());
  if (session.output().json()) {
    session.output().json_line(
        answer(doing, {{"ledger", path}, {"from", migration->from}, {"to", migration->to}}));
  } else if (migration->from == migration->to) {
    session.output().note(path + " has the newest schema already, " +
                          std::to_string(migration->to));
  } else if (doing == Doing::dry) {
    session.output().note(path + " would be brought from schema " +
                          std::to_string(migration->from) + " to " + std::to_string(migration->to));
  } else {
    session.output().note(path + " has schema " + std::to_string(migration->to) + " now, before " +
                          std::to_string(migration->from));
  }
  return 0;
}

}  // namespace

std::vector<Command> db_commands() {
  return {
      {.path = "db check",
       .summary = "Verify the ledger's storage and invariants, while work goes on",
       .examples = {"waybill db check"},
       .details =
           "Ends with 1 if anything is broken. Of what scans and schedules owe, the ledger holds "
           "only what they made: it is checked that each such task has a key for ever that its id "
           "follows from, that no two tasks share one, and that a fire has the key of its schedule "
           "and nominal time. Not checked, because the ledger does not know: whether a batch has "
           "no task (`waybill scan --dry-run` lists those without a marker), whether a marker in a "
           "bucket agrees with its task, and whether a schedule missed a nominal time, which "
           "depends on how it was defined and paused at the time.",
       .run = check_ledger},
      {.path = "db stats",
       .summary = "Say how big the ledger is",
       .examples = {"waybill db stats"},
       .run = show_stats},
      {.path = "db backup",
       .summary = "Copy the ledger to a new file, while work goes on",
       .examples = {"waybill db backup ledger-copy.db"},
       .details =
           "The copy is one file with everything that was accepted, but not the output of tasks "
           "(logs in the data directory). To restore it, stop all that uses the data directory, "
           "move ledger.db, ledger.db-wal and ledger.db-shm away, put the copy there as ledger.db, "
           "and run `waybill db check`; step by step: docs/guides/backup.md.",
       .positionals = {{"FILE", "the copy; must not be there yet"}},
       .options = {kDryRun},
       .run = back_up},
      {.path = "db export",
       .summary = "Write every task with its history as a line of JSON",
       .examples = {"waybill db export > tasks.jsonl", "waybill db export --output tasks.jsonl"},
       .options = {{"output", "FILE", "instead of stdout; must not be there yet"}},
       .run = export_ledger},
      db_copy_command(),
      {.path = "db migrate",
       .summary = "Bring the ledger to this program's schema",
       .examples = {"waybill db migrate", "waybill db migrate --dry-run"},
       .options = {kDryRun},
       .run = migrate_ledger}};
}

}  // namespace waybill::cli
