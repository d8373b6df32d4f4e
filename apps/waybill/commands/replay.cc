#include <algorithm>
#include <boost/json.hpp>
#include <utility>

#include "apps/waybill/cli/table.h"
#include "apps/waybill/commands/commands.h"
#include "apps/waybill/commands/option_values.h"
#include "apps/waybill/commands/views.h"
#include "apps/waybill/runtime/queue_ends.h"
#include "apps/waybill/session.h"
#include "apps/waybill/signals.h"
#include "base/json.h"
#include "services/replay.h"

namespace waybill::cli {
namespace {

namespace bj = boost::json;
using std::chrono::hours;

constexpr std::int64_t kLookedAtMax = 100'000;
constexpr Duration kEver = hours(24 * 3650);

Result<ReplayOptions> replay_options(const Invocation& invocation) {
  ReplayOptions options;
  for (const std::string& text : invocation.texts("match")) {
    const std::size_t equals = text.find('=');
    if (equals == text.npos || equals == 0) {
      return fail(Code::invalid_argument,
                  "--match: \"" + text + "\" is not of the form field=value");
    }
    options.filter.match.emplace_back(text.substr(0, equals), text.substr(equals + 1));
  }
  for (const auto& [name, bound] : {std::pair{"older-than", &options.filter.older_than},
                                    std::pair{"newer-than", &options.filter.newer_than}}) {
    if (!invocation.has(name)) continue;
    const auto value = duration_option(invocation, name, {}, {Duration(0), kEver});
    if (!value) return fail(value.error());
    *bound = *value;
  }
  const auto limit = integer_option(invocation, "limit", 0, {.least = 1, .most = INT64_MAX});
  if (!limit) return fail(limit.error());
  options.limit = static_cast<std::size_t>(*limit);
  const auto looked_at =
      integer_option(invocation, "look-at", static_cast<std::int64_t>(options.looked_at),
                     {.least = 1, .most = kLookedAtMax});
  if (!looked_at) return fail(looked_at.error());
  options.looked_at = static_cast<std::size_t>(*looked_at);
  const auto idle = duration_option(invocation, "idle", options.idle, {Duration(0), hours(1)});
  if (!idle) return fail(idle.error());
  options.idle = *idle;
  if (invocation.has("dry-run")) options.mode = ReplayMode::dry_run;
  return options;
}

std::string_view outcome_name(ReplayOutcome outcome, ReplayMode mode) {
  if (outcome == ReplayOutcome::failed) return "failed";
  return mode == ReplayMode::dry_run ? "would_move" : "moved";
}

std::string time_text(Time time) { return time == Time{} ? "" : format_time(time); }

bj::object report_json(const ReplayReport& report, ReplayMode mode) {
  bj::array messages;
  for (const ReplayedMessage& message : report.messages) {
    const auto text_or_null = [](const std::string& text) {
      return text.empty() ? bj::value(nullptr) : bj::value(json::text(text));
    };
    messages.push_back({{"id", text_or_null(message.id)},
                        {"published_at", text_or_null(time_text(message.published_at))},
                        {"bytes", message.bytes},
                        {"outcome", json::text(outcome_name(message.outcome, mode))},
                        {"reason", text_or_null(message.reason)}});
  }
  return {{"dry_run", mode == ReplayMode::dry_run},
          {"messages", std::move(messages)},
          {"passed_over", report.passed_over},
          {"complete", report.complete}};
}

/// How many, and what became of them: `2 moved, 1 failed, 3 passed over`.
std::string summary_of(const ReplayReport& report, ReplayMode mode) {
  const auto failed =
      std::ranges::count(report.messages, ReplayOutcome::failed, &ReplayedMessage::outcome);
  const auto others = static_cast<std::ptrdiff_t>(report.messages.size()) - failed;
  std::string text =
      std::to_string(others) + (mode == ReplayMode::dry_run ? " would be moved, " : " moved, ");
  if (mode != ReplayMode::dry_run || failed > 0) text += std::to_string(failed) + " failed, ";
  return text + std::to_string(report.passed_over) + " passed over";
}

void print_report(Output& output, const ReplayReport& report, ReplayMode mode) {
  Table table({"MESSAGE", "OUTCOME", "PUBLISHED", "BYTES", "REASON"});
  for (const ReplayedMessage& message : report.messages) {
    const bool failed = message.outcome == ReplayOutcome::failed;
    const std::string outcome = failed                        ? "failed"
                                : mode == ReplayMode::dry_run ? "would move"
                                                              : "moved";
    table.add({printable(message.id, 60),
               {outcome, failed ? Colour::red : Colour::green},
               time_text(message.published_at),
               std::to_string(message.bytes),
               printable(message.reason, 80)});
  }
  if (!table.empty()) output.data(table.text(output));
  output.note(summary_of(report, mode) +
              (report.complete ? "" : "; there may be more, so run it again or raise --look-at"));
}

Exit run_replay(Session& session, const Invocation& invocation) {
  const auto choice = broker_choice(invocation);
  if (!choice) return fail(choice.error());
  const auto options = replay_options(invocation);
  if (!options) return fail(options.error());
  if (invocation.text("to").empty()) {
    return fail(Code::invalid_argument, "--to is missing: where the messages go");
  }
  if (is_same_place(*choice, invocation.text("queue"), invocation.text("to"))) {
    return fail(Code::invalid_argument,
                "--to is the same as --queue: each message would come back, and be moved again "
                "without end; give the place that the work is taken from");
  }
  const Signals signals;  // before any other thread
  QueueEnds ends(*choice, session.clock());
  const auto from =
      ends.source({.name = invocation.text("queue"), .lease = options->lease, .in_hand = 0});
  if (!from) return fail(from.error());
  const auto to = ends.destination(invocation.text("to"));
  if (!to) return fail(with_context(to.error(), "--to"));
  auto report =
      Replay(*from->queue, **to, session.clock(), *options).run({.stop = signals.token()});
  if (!report) return fail(report.error());
  if (session.output().json()) {
    session.output().json_line(report_json(*report, options->mode));
  } else {
    print_report(session.output(), *report, options->mode);
  }
  const bool all = std::ranges::none_of(report->messages, [](const ReplayedMessage& message) {
    return message.outcome == ReplayOutcome::failed;
  });
  return all ? 0 : 1;
}

}  // namespace

Command replay_command() {
  std::vector<Option> options = broker_options();
  for (const Option& option : std::initializer_list<Option>{
           {"to", "NAME",
            "where they go: a topic of Pub/Sub, ARN of SNS or URL of SQS, RabbitMQ queue, or "
            "file:///…"},
           {"match", "FIELD=VALUE", "only messages whose JSON has that", Option::Times::many},
           {"older-than", "TIME", "only messages published at least so long ago"},
           {"newer-than", "TIME", "only messages published at most so long ago"},
           {"limit", "N", "move at most so many"},
           {"look-at", "N", "receive at most so many; 10000"},
           {"idle", "TIME", "end when none came for so long; 5s"},
           {"dry-run", "", "move nothing: show what would be, and give it all back"},
       }) {
    options.push_back(option);
  }
  return {.path = "replay",
          .summary = "Move dead letters and rejected messages of a broker back",
          .examples = {"waybill replay --from gcp-pubsub --gcp-project-id prio "
                       "--queue intake-batch-rejected --to intake-batch --dry-run",
                       "waybill replay --from aws-sqs --queue "
                       "https://sqs.us-east-1.amazonaws.com/1/intake-dead-letter "
                       "--to arn:aws:sns:us-east-1:1:intake --match aggregation-id=kittens-seen",
                       "waybill replay --from amqp --queue intake-rejected --to intake "
                       "--newer-than 24h --limit 100 --json"},
          .details =
              "Each message is published, the broker confirms it, and only then it is acked. What "
              "is not meant is held until the end and then given back, so other receivers do not "
              "see it for that long. For Waybill's own failed tasks see `waybill task retry`.",
          .options = std::move(options),
          .run = run_replay};
}

}  // namespace waybill::cli
