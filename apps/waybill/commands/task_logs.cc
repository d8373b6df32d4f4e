#include <algorithm>
#include <boost/json.hpp>

#include "apps/waybill/commands/commands.h"
#include "apps/waybill/commands/option_values.h"
#include "apps/waybill/commands/task_ids.h"
#include "apps/waybill/commands/views.h"
#include "apps/waybill/session.h"
#include "apps/waybill/signals.h"
#include "base/json.h"
#include "core/task_json.h"

namespace waybill::cli {
namespace {

namespace bj = boost::json;

constexpr std::size_t kPageBytes = 256 << 10;
/// How soon new output of a running task is seen; its end is told by the ledger at once.
constexpr Duration kLook = std::chrono::milliseconds(200);

/// Prints chunks as they come, of all attempts or of one.
class LogPrinter {
 public:
  LogPrinter(Output& output, const Invocation& invocation, std::int64_t attempt)
      : output_(output), stamped_(invocation.has("timestamps")), attempt_(attempt) {}

  void print(const LogChunk& chunk) {
    if (attempt_ > 0 && chunk.attempt != attempt_) return;
    printed_ = true;
    if (output_.json()) return print_json(chunk);
    if (chunk.stream == LogStream::system) {
      if (inside_line_) output_.data("\n");
      print_lines(chunk, Colour::grey, "");
    } else if (stamped_) {
      print_lines(chunk, Colour::none, format_time(chunk.at) + " ");
    } else {
      output_.data(chunk.bytes);
    }
    inside_line_ = chunk.stream != LogStream::system && !stamped_ && !chunk.bytes.ends_with('\n');
  }
  bool printed() const { return printed_; }
  /// Whether nobody gets what is printed: going on is of no use.
  bool broken() const { return output_.broken(); }

 private:
  void print_json(const LogChunk& chunk) {
    output_.json_line(bj::object{{"at", time_to_json(chunk.at)},
                                 {"attempt", chunk.attempt},
                                 {"stream", json::text(to_string(chunk.stream))},
                                 {"text", chunk.bytes}});
  }

  void print_lines(const LogChunk& chunk, Colour colour, const std::string& stamp) {
    std::string_view rest = chunk.bytes;
    std::string text;
    while (!rest.empty()) {
      const std::string_view line = rest.substr(0, rest.find('\n'));
      text += stamp + output_.paint(line, colour) + "\n";
      rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    }
    output_.data(text);
  }

  Output& output_;
  const bool stamped_;
  const std::int64_t attempt_;
  bool printed_ = false;
  bool inside_line_ = false;  // what was printed last did not end its line
};

/// Prints all that is there; answers where to go on.
Result<std::string> print_available(LogStore& logs, const Uuid& id, std::string cursor,
                                    LogPrinter& printer) {
  while (true) {
    auto page = logs.read(id, cursor, kPageBytes);
    if (!page) return fail(page.error());
    for (const LogChunk& chunk : page->chunks) printer.print(chunk);
    const bool all = page->chunks.empty() || page->next_cursor == cursor || printer.broken();
    if (all) return page->next_cursor;
    cursor = std::move(page->next_cursor);
  }
}

/// By which clock output is looked for, and until when.
struct Follow {
  Clock& clock;
  std::stop_token stop;
};

Status follow(Store& store, const Uuid& id, LogPrinter& printer, const Follow& terms) {
  std::string cursor;
  while (!terms.stop.stop_requested()) {
    const auto task = store.reader().get(id);
    if (!task) return fail(task.error());
    // Output is stored before the end is: what is there now is all if the task has ended.
    auto next = print_available(store.logs(), id, cursor, printer);
    if (!next) return fail(next.error());
    cursor = std::move(*next);
    if (is_finished(task->status.state) || printer.broken()) return {};
    const Deadline deadline{.at = terms.clock.steady_now() + kLook, .stop = terms.stop};
    const auto sequence = store.reader().last_sequence(std::nullopt, deadline);
    if (!sequence) return fail(sequence.error());
    if (const auto changed = store.reader().last_sequence(*sequence, deadline); !changed) {
      return fail(changed.error());
    }
  }
  return {};
}

/// Says why there is nothing to print.
Status explain_silence(Session& session, LedgerReader& reader, const Uuid& id,
                       std::int64_t attempt) {
  const auto task = reader.get(id);
  if (!task) return fail(task.error());
  const TaskStatus& status = task->status;
  if (attempt > status.attempt) {
    return fail(Code::not_found, "task " + to_string(id) + " has had " +
                                     counted(status.attempt, "attempt") + ": there is no attempt " +
                                     std::to_string(attempt));
  }
  std::string note = "no output";
  if (attempt > 0) note += " of attempt " + std::to_string(attempt);
  note += ": it is " + std::string(to_string(status.state));
  if (status.state != State::succeeded) note += "; see `waybill task why " + to_string(id) + "`";
  session.output().note(note);
  return {};
}

Exit show_logs(Session& session, const Invocation& invocation) {
  const Signals signals;  // before any other thread
  const auto attempt = integer_option(invocation, "attempt", 0, {.least = 1, .most = UINT32_MAX});
  if (!attempt) return fail(attempt.error());
  const auto store = session.store(OpenStore::reading);
  if (!store) return fail(store.error());
  const auto task = find_task((*store)->reader(), invocation.positionals[0]);
  if (!task) return fail(task.error());
  LogPrinter printer(session.output(), invocation, *attempt);
  if (invocation.has("follow")) {
    const Status followed =
        follow(**store, task->id(), printer, {session.clock(), signals.token()});
    if (!followed) return fail(followed.error());
    if (signals.token().stop_requested()) return 0;
  } else {
    const auto printed = print_available((*store)->logs(), task->id(), "", printer);
    if (!printed) return fail(printed.error());
  }
  if (printer.printed()) return 0;
  const Status explained = explain_silence(session, (*store)->reader(), task->id(), *attempt);
  if (!explained) return fail(explained.error());
  return 0;
}

}  // namespace

Command task_logs_command() {
  return {
      .path = "task logs",
      .summary = "Print what a task wrote to stdout and stderr",
      .examples = {"waybill task logs 0192f3c1-7a52", "waybill task logs 0192f3c1-7a52 --follow",
                   "waybill task logs 0192f3c1-7a52 --attempt 2 --timestamps"},
      .positionals = {{"ID", "the task's id, or its beginning"}},
      .options = {{"follow", "", "go on until the task has ended", Option::Times::once, 'f'},
                  {"attempt", "NUMBER", "only what this attempt wrote"},
                  {"timestamps", "", "with the time of each line"}},
      .run = show_logs};
}

}  // namespace waybill::cli
