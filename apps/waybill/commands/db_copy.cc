#include <boost/json.hpp>
#include <utility>

#include "apps/waybill/cli/dry_run.h"
#include "apps/waybill/cli/progress_bar.h"
#include "apps/waybill/cli/table.h"
#include "apps/waybill/commands/commands.h"
#include "apps/waybill/commands/views.h"
#include "apps/waybill/runtime/ledger_place.h"
#include "apps/waybill/session.h"
#include "core/size.h"
#include "services/ledger_copy.h"

namespace waybill::cli {
namespace {

namespace bj = boost::json;

struct Copying {
  LedgerPlace from;
  LedgerPlace to;
  bool with_output = true;
};

struct Copied {
  std::string from;
  std::string to;
  LedgerCopy ledger;
  bool with_output = false;
  OutputCopy output;
};

Result<Copying> read_copying(const Invocation& invocation) {
  auto from = parse_ledger_place("--from", invocation.text("from"));
  if (!from) return fail(from.error());
  auto to = parse_ledger_place("--to", invocation.text("to"));
  if (!to) return fail(to.error());
  if (*from == *to) {
    return fail(Code::invalid_argument, "--from and --to are the same ledger; name two");
  }
  return Copying{.from = std::move(*from),
                 .to = std::move(*to),
                 .with_output = !invocation.has("without-output")};
}

/// What would be copied, and whether it could begin.
Result<Copied> plan_copy(Session& session, const Copying& copying) {
  const auto from = open_image(copying.from, session.clock());
  if (!from) return fail(from.error());
  if (Status vacant = check_vacant(copying.to, session.clock()); !vacant) {
    return fail(vacant.error());
  }
  auto tables = digest_tables(**from);
  if (!tables) return fail(tables.error());
  Copied plan{.from = (*from)->place(),
              .to = copying.to.url.empty() ? copying.to.file : copying.to.url,
              .ledger = {},
              .output = {}};
  plan.ledger.tables = std::move(*tables);
  return plan;
}

Result<OutputCopy> copy_output_of(Session& session, const Copying& copying) {
  auto from = OutputPlace::open(copying.from, session.clock());
  if (!from) return fail(from.error());
  auto to = OutputPlace::open(copying.to, session.clock());
  if (!to) return fail(to.error());
  return copy_output(from->logs(), to->logs(), [&](std::int64_t tasks) {
    session.output().progress(progress_bar(tasks, 0, "tasks' output"));
  });
}

Result<Copied> copy_all(Session& session, const Copying& copying) {
  const auto from = open_image(copying.from, session.clock());
  if (!from) return fail(from.error());
  const auto to = begin_draft(copying.to, session.clock());
  if (!to) return fail(to.error());
  auto ledger = copy_ledger(**from, **to, [&](std::int64_t rows) {
    session.output().progress(progress_bar(rows, 0, "rows"));
  });
  if (!ledger) return fail(ledger.error());
  Copied copied{.from = (*from)->place(),
                .to = (*to)->place(),
                .ledger = std::move(*ledger),
                .with_output = copying.with_output,
                .output = {}};
  if (copying.with_output) {
    const auto output = copy_output_of(session, copying);
    if (!output) return fail(output.error());
    copied.output = *output;
  }
  if (Status published = (*to)->publish(); !published) return fail(published.error());
  return copied;
}

bj::object to_json(const Copied& copied) {
  bj::array tables;
  for (const CopiedTable& table : copied.ledger.tables) {
    tables.push_back(
        bj::object{{"name", table.name}, {"rows", table.rows}, {"sha256", table.sha256}});
  }
  bj::object object{{"from", copied.from},
                    {"to", copied.to},
                    {"tables", std::move(tables)},
                    {"texts_changed", copied.ledger.texts_changed},
                    {"output", nullptr}};
  if (copied.with_output) {
    object["output"] = bj::object{{"tasks", copied.output.tasks}, {"bytes", copied.output.bytes}};
  }
  return object;
}

void show(Output& output, const Copied& copied, Doing doing) {
  Table table({"TABLE", "ROWS", "SHA-256"});
  for (const CopiedTable& each : copied.ledger.tables) {
    table.add({each.name, std::to_string(each.rows), each.sha256});
  }
  output.data(table.text(output));
  if (doing == Doing::dry) {
    output.note(copied.from + " would be copied to " + copied.to);
    return;
  }
  output.note(copied.from + " is copied to " + copied.to +
              "; both were checked, and each table is the same in both");
  if (copied.with_output) {
    output.note("output of " + counted(copied.output.tasks, "task") + " copied, " +
                format_size(copied.output.bytes));
  }
  if (copied.ledger.texts_changed > 0) {
    output.note(counted(copied.ledger.texts_changed, "text") +
                " held bytes that PostgreSQL keeps in no text; each became U+FFFD");
  }
  output.note("from now on use the copy alone: what is done in one of the two is not in the other");
}

Exit copy_command(Session& session, const Invocation& invocation) {
  const auto copying = read_copying(invocation);
  if (!copying) return fail(copying.error());
  const Doing doing = doing_of(invocation);
  const auto copied =
      doing == Doing::dry ? plan_copy(session, *copying) : copy_all(session, *copying);
  session.output().end_progress();
  if (!copied) return fail(copied.error());
  if (session.output().json()) {
    session.output().json_line(answer(doing, to_json(*copied)));
  } else {
    show(session.output(), *copied, doing);
  }
  return 0;
}

}  // namespace

Command db_copy_command() {
  return {.path = "db copy",
          .summary = "Copy a whole ledger to another database, while nobody works on either",
          .examples = {"waybill db copy --from sqlite:/var/lib/waybill --to "
                       "postgres://waybill@db.example/waybill",
                       "waybill db copy --from postgres://waybill@db.example/waybill --to "
                       "sqlite:/var/lib/waybill"},
          .details =
              "A ledger is sqlite:DIRECTORY (its file is ledger.db there), sqlite:FILE.db or "
              "postgres://…. All that uses either has to be stopped: it is refused where somebody "
              "has the ledger open, and nobody gets in before it has ended. The place to copy to "
              "holds nothing yet, or a PostgreSQL ledger that is empty. Tasks, runs, schedules, "
              "keys, tokens and all else go along as they are, with the numbers of events; leases "
              "go on until they end, and workers say anew that they are there. The ledger is "
              "checked as by `waybill db check`, written, read again, compared table by table, and "
              "checked again; only then is it there, all of it at once. Contents of artifacts and "
              "the key of secrets stay where they are: the copy takes over the store of the "
              "first. Step by step: docs/guides/postgresql.md.",
          .options = {{"from", "LEDGER", "the ledger that is copied; nothing in it changes"},
                      {"to", "LEDGER", "where to"},
                      {"without-output", "", "leave the output of tasks behind"},
                      kDryRun},
          .run = copy_command};
}

}  // namespace waybill::cli
