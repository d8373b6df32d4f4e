#include "apps/waybill/commands/audit.h"

#include <boost/json.hpp>

#include "apps/waybill/cli/table.h"
#include "apps/waybill/commands/commands.h"
#include "apps/waybill/commands/option_values.h"
#include "apps/waybill/commands/user.h"
#include "services/audit_json.h"

namespace waybill::cli {
namespace {

Result<AuditQuery> read_query(const Invocation& invocation, Time now) {
  const auto limit = integer_option(invocation, "limit", 50, {.least = 1, .most = 10'000});
  if (!limit) return fail(limit.error());
  const auto since = duration_option(invocation, "since", Duration::zero());
  if (!since) return fail(since.error());
  AuditQuery query{.filter = {.who = invocation.text("who"),
                              .operation = invocation.text("operation"),
                              .subject = invocation.text("subject")},
                   .cursor = invocation.text("cursor"),
                   .limit = static_cast<std::size_t>(*limit)};
  if (*since > Duration::zero()) query.filter.after = now - *since;
  return query;
}

void print(Output& output, const AuditPage& page) {
  if (page.entries.empty()) return output.note("nothing was changed that matches");
  Table table({"AT", "WHO", "FROM", "OPERATION", "SUBJECT", "COUNT", "OUTCOME", "REASON"});
  for (const AuditEntry& entry : page.entries) {
    const bool done = entry.outcome == AuditOutcome::done;
    table.add({format_time(std::chrono::floor<std::chrono::seconds>(entry.at)), entry.who,
               entry.from.empty() ? "command line" : entry.from, entry.operation,
               printable(entry.subject, 60), std::to_string(entry.count),
               Cell{std::string(to_string(entry.outcome)), done ? Colour::green : Colour::yellow},
               printable(entry.reason, 100)});
  }
  output.data(table.text(output));
  if (!page.next_cursor.empty()) output.note("more with --cursor " + page.next_cursor);
}

Exit list_audit(Session& session, const Invocation& invocation) {
  const auto query = read_query(invocation, session.clock().now());
  if (!query) return fail(query.error());
  const auto store = session.store(OpenStore::reading);
  if (!store) return fail(store.error());
  const auto page = (*store)->beside().audit.page(*query);
  if (!page) return fail(page.error());
  Output& output = session.output();
  if (output.json()) {
    output.json_line(audit_to_json(*page));
  } else {
    print(output, *page);
  }
  return 0;
}

}  // namespace

void keep_in_audit_log(Session& session, Store& store, std::string_view operation,
                       const std::string& subject) {
  const AuditEntry entry{.at = session.clock().now(),
                         .who = "cli:" + user_name(),
                         .from = {},
                         .operation = std::string(operation),
                         .subject = subject};
  const Status kept = store.beside().audit.put({&entry, 1});
  if (!kept) session.output().note("it is done, but not in the audit log: " + kept.error().message);
}

Command audit_list_command() {
  return {
      .path = "audit list",
      .summary = "List who changed what, newest first",
      .examples = {"waybill audit list", "waybill audit list --who token:ops --since 7d --json"},
      .options = {{"who", "NAME", "only by token:NAME, cli:USER or local"},
                  {"operation", "NAME", "only this: cancelTask, \"queue pause\""},
                  {"subject", "ID|NAME", "only of this task, queue, schedule or token"},
                  {"since", "DURATION", "only of the last 7d or 12h"},
                  {"limit", "NUMBER", "at most so many; 50 if not given"},
                  {"cursor", "TEXT", "go on where the last list ended"}},
      .run = list_audit};
}

}  // namespace waybill::cli
