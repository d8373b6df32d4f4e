#include <boost/json.hpp>
#include <utility>

#include "apps/waybill/cli/progress_bar.h"
#include "apps/waybill/commands/commands.h"
#include "apps/waybill/commands/option_values.h"
#include "apps/waybill/commands/scan_view.h"
#include "apps/waybill/commands/views.h"
#include "apps/waybill/kinds.h"
#include "apps/waybill/runtime/buckets.h"
#include "apps/waybill/runtime/events.h"
#include "apps/waybill/runtime/scan_keeping.h"
#include "apps/waybill/runtime/unused_ledger.h"
#include "apps/waybill/service_manager.h"
#include "apps/waybill/session.h"
#include "apps/waybill/signals.h"
#include "core/suggest.h"
#include "services/scan.h"
#include "services/scan_json.h"
#include "services/scanner.h"
#include "services/service_loop.h"

namespace waybill::cli {
namespace {

namespace bj = boost::json;

/// The scans that were asked for: the one that is named, or all.
Result<std::map<std::string, ScanDefinition>> chosen_scans(Session& session,
                                                           const Invocation& invocation) {
  const auto definitions = session.definitions();
  if (!definitions) return fail(definitions.error());
  auto scans = (*definitions)->scans;
  if (scans.empty()) {
    return fail(Code::not_found,
                "no scans are defined; name the directory of definitions with --definitions DIR");
  }
  if (invocation.positionals.empty()) return scans;
  const std::string& name = invocation.positionals[0];
  const auto found = scans.find(name);
  if (found == scans.end()) {
    std::vector<std::string> known;
    for (const auto& [scan_name, scan] : scans) known.push_back(scan_name);
    return fail(Code::not_found, "there is no scan \"" + name + "\"" + did_you_mean(name, known));
  }
  return std::map<std::string, ScanDefinition>{{name, found->second}};
}

std::string progress_text(const std::string& scan, ScanPhase phase, std::int64_t done,
                          std::int64_t total) {
  return "scan " + scan + ": " + progress_bar(done, total, to_string(phase));
}

Result<ScanOptions> scan_options(const Invocation& invocation, std::stop_token stop) {
  ScanOptions options;
  if (invocation.has("dry-run")) options.mode = ScanMode::dry_run;
  if (invocation.has("now")) {
    const auto now = time_option(invocation, "now");
    if (!now) return fail(now.error());
    options.now = *now;
  }
  options.stop = std::move(stop);
  return options;
}

/// Trying again helps against what failed, not against what is refused or too large.
int status_of(const ScanReport& report) {
  if (report.refused() > 0 || report.too_large() > 0) return exit_status(Code::failed_precondition);
  return report.complete() ? 0 : exit_status(Code::aborted);
}

/// What is scanned, with what, and until when.
struct Scanning {
  ScanPorts ports;
  Store* store = nullptr;  ///< that keeps what is found; null: a dry run
  std::map<std::string, ScanDefinition> scans;
  std::stop_token stop;
};

/// One pass of each scan. A scan that fails keeps no other from running.
Exit scan_once(Session& session, const Invocation& invocation, const Scanning& scanning) {
  const auto& [ports, store, scans, stop] = scanning;
  auto options = scan_options(invocation, stop);
  if (!options) return fail(options.error());
  const auto definitions = session.definitions();
  if (!definitions) return fail(definitions.error());
  Output& output = session.output();
  bj::array reports;
  int exit = 0;
  for (const auto& [name, scan] : scans) {
    options->progress = [&, &scan_name = name](ScanPhase phase, std::int64_t done,
                                               std::int64_t total) {
      output.progress(progress_text(scan_name, phase, done, total));
    };
    const auto report = run_scan(scan, (*definitions)->tasks, ports, *options);
    if (store != nullptr) keep_scan(*store, name, report);
    if (!report) {
      output.error(report.error());
      exit = exit_status(report.error().code);
      continue;
    }
    if (const int status = status_of(*report); status != 0) exit = status;
    if (output.json()) {
      reports.push_back(scan_to_json(*report));
    } else {
      print_scan(output, *report);
    }
    if (report->too_large() > 0) {
      output.error({.code = Code::failed_precondition,
                    .message = "scan " + name + ": " + too_large(*report)});
    }
  }
  if (output.json()) output.json_line(bj::object{{"scans", std::move(reports)}});
  return exit;
}

/// Each scan at its own pace, until a signal.
Exit scan_on(Session& session, const Scanning& scanning) {
  const auto& [ports, store, scans, stop] = scanning;
  const auto definitions = session.definitions();
  if (!definitions) return fail(definitions.error());
  session.output().note("scanning " + counted(static_cast<std::int64_t>(scans.size()), "scan") +
                        "; ctrl-c ends it");
  tell_event(session, "started", {{"data", session.config().data}, {"scans", scans.size()}});
  Definitions chosen = **definitions;
  chosen.scans = scans;
  Scanner scanner(ports, {.definitions = always(chosen),
                          .observer = [&session, kept = store](const std::string& scan,
                                                               const Result<ScanReport>& report) {
                            keep_scan(*kept, scan, report);
                            tell_scan(session, report);
                          }});
  ServiceLoop loop(scanner, session.clock(), {.seed = session.rng().next()});
  tell_ready();
  session.clock().wait_until(kSteadyTimeMax, stop);
  tell_stopping();
  loop.stop();
  tell_event(session, "stopped", {{"reason", "signal"}});
  return 0;
}

Exit scan(Session& session, const Invocation& invocation) {
  const Signals signals;  // before any other thread
  const auto every = duration_option(invocation, "every", Duration::zero());
  if (!every) return fail(every.error());
  auto scans = chosen_scans(session, invocation);
  if (!scans) return fail(scans.error());
  for (auto& [name, scan] : *scans) {
    if (invocation.has("every")) scan.every = *every;
    if (const Status status = check_scan(scan); !status) return fail(status.error());
  }
  auto kinds = Kinds::create(session.clock());
  if (!kinds) return fail(kinds.error());
  const bool dry = invocation.has("dry-run");
  UnusedLedger unused;
  Ledger* ledger = &unused;
  DedupKeys* dedup_keys = nullptr;
  Store* kept = nullptr;
  if (!dry) {
    const auto store = session.store(OpenStore::create);
    if (!store) return fail(store.error());
    kept = *store;
    ledger = &kept->ledger();
    dedup_keys = &kept->dedup_keys();
  }
  const ScanPorts ports{
      .ledger = *ledger,
      .clock = session.clock(),
      .open_bucket = bucket_opener(session.clock(), signals.token()),
      .check_task = [&kinds](const TaskRequest& request) { return kinds->check(request); },
      .dedup_keys = dedup_keys};
  const bool once = dry || invocation.has("once") || invocation.has("now");
  if (once && invocation.has("every")) {
    return fail(Code::invalid_argument,
                "--every goes on for ever; leave out --once, --dry-run and "
                "--now, or --every");
  }
  const Scanning scanning{ports, kept, std::move(*scans), signals.token()};
  return once ? scan_once(session, invocation, scanning) : scan_on(session, scanning);
}

}  // namespace

Command scan_command() {
  return {.path = "scan",
          .summary = "Look through buckets and schedule the tasks that are missing",
          .examples =
              {"waybill scan --once --definitions ./definitions",
               "waybill scan drop --dry-run --now 2020-10-31T12:00:00Z --definitions ./definitions",
               "waybill scan --every 30s --definitions ./definitions"},
          .details =
              "Without --once, --dry-run or --now it goes on at each scan's own pace. Every "
              "task is scheduled once, however often and wherever this runs.",
          .positionals = {{"NAME", "one scan instead of all", Positional::Times::optional}},
          .options = {{"once", "", "one pass of each scan"},
                      {"every", "DURATION", "instead of each scan's own pace"},
                      {"dry-run", "", "show what would be scheduled, and write nothing"},
                      {"now", "TIME", "one pass as if it were this moment"}},
          .run = scan};
}

}  // namespace waybill::cli
