#include "apps/waybill/commands/worker_from.h"

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <utility>

#include "adapters/file/done_ids.h"
#include "adapters/file/scratch_space.h"
#include "apps/waybill/commands/option_values.h"
#include "apps/waybill/runtime/program_output.h"
#include "apps/waybill/runtime/queue_ends.h"
#include "apps/waybill/runtime/working_place.h"
#include "apps/waybill/service_manager.h"
#include "apps/waybill/signals.h"
#include "base/log.h"
#include "core/suggest.h"
#include "kinds/command/message_program.h"
#include "services/memory_done_ids.h"
#include "services/message_worker.h"

namespace waybill::cli {
namespace {

namespace fs = std::filesystem;
using std::chrono::hours;
using std::chrono::seconds;

constexpr int kExitGivenBack = 75;

/// All that the options say.
struct FromOptions {
  BrokerChoice broker;
  MessageWorkerOptions worker;
  CommandSpec program;
  Environment environment;
  Duration dedup_window{};
};

Result<MessageForm> message_form(const Invocation& invocation) {
  const std::string name = invocation.text("messages");
  if (name.empty() || name == "prio") return MessageForm::prio;
  if (name == "json") return MessageForm::json;
  if (name == "any") return MessageForm::any;
  return fail(Code::invalid_argument,
              "--messages: there is no form \"" + name + "\"" +
                  did_you_mean(name, std::vector<std::string>{"prio", "json", "any"}) +
                  "; there are prio, json and any");
}

Result<MessageWorkerOptions> message_worker_options(const Invocation& invocation,
                                                    const std::string& kind) {
  MessageWorkerOptions options;
  const auto form = message_form(invocation);
  if (!form) return fail(form.error());
  options.form = *form;
  const auto concurrency = integer_option(invocation, "concurrency", 1, {.least = 1, .most = 1024});
  if (!concurrency) return fail(concurrency.error());
  options.concurrency = static_cast<std::size_t>(*concurrency);
  struct Row {
    const char* name;
    Duration* value;
    DurationRange range;
  };
  const Duration lease_max = kind == "gcp-pubsub" ? Duration(seconds(600)) : Duration(hours(12));
  for (const Row& row : {Row{"visibility", &options.lease, {seconds(2), lease_max}},
                         Row{"timeout", &options.run_time_max, {seconds(1), hours(12)}},
                         Row{"retry-delay", &options.retry_delay, {seconds(0), seconds(600)}},
                         Row{"idle", &options.idle, {Duration(0), hours(1)}},
                         Row{"lifetime", &options.lifetime, {seconds(1), hours(24 * 365)}}}) {
    const auto value = duration_option(invocation, row.name, *row.value, row.range);
    if (!value) return fail(value.error());
    *row.value = *value;
  }
  if (invocation.has("once") && invocation.has("until-empty")) {
    return fail(Code::invalid_argument, "--once and --until-empty: give one of them");
  }
  if (invocation.has("once")) options.end = WorkerEnd::after_one;
  if (invocation.has("until-empty")) options.end = WorkerEnd::when_empty;
  return options;
}

/// What the program gets of our environment: the harmless variables, and what was asked for.
Result<Environment> program_environment(const Invocation& invocation) {
  Environment environment = inherited_environment();
  for (const std::string& entry : invocation.texts("env")) {
    const std::size_t equals = entry.find('=');
    const std::string name = entry.substr(0, equals);
    if (name.empty() || name.starts_with("WAYBILL_")) {
      return fail(Code::invalid_argument,
                  "--env: \"" + name + "\" is no name that a program can be given");
    }
    const char* ours = std::getenv(name.c_str());
    if (equals != entry.npos) {
      environment[name] = entry.substr(equals + 1);
    } else if (ours != nullptr) {
      environment[name] = ours;
    }
  }
  return environment;
}

Result<CommandSpec> program_spec(const Invocation& invocation) {
  if (invocation.rest.empty()) {
    return fail(Code::invalid_argument,
                "the command is missing: give it behind --, as in `-- ./intake.sh`");
  }
  CommandSpec spec{.argv = invocation.rest};
  spec.limits.output_bytes = INT64_MAX;  // it is passed on, not kept
  std::error_code error;
  spec.working_directory = fs::current_path(error).string();
  if (error) return fail(system_error(error.value(), "finding the working directory"));
  return spec;
}

/// What is for tasks of the ledger, and would be passed over here.
Status check_no_ledger_options(const Invocation& invocation) {
  for (const auto& [name, instead] :
       {std::pair{"until-idle", "--until-empty"}, std::pair{"queues", "--queue"},
        std::pair{"slots", "--concurrency"}}) {
    if (!invocation.has(name)) continue;
    return fail(
        Code::invalid_argument,
        "--" + std::string(name) + " is for tasks of the ledger; with --from give " + instead);
  }
  return {};
}

Result<FromOptions> read_from_options(const Invocation& invocation) {
  if (const Status none = check_no_ledger_options(invocation); !none) return fail(none.error());
  auto broker = broker_choice(invocation);
  if (!broker) return fail(broker.error());
  auto worker = message_worker_options(invocation, broker->kind);
  if (!worker) return fail(worker.error());
  auto program = program_spec(invocation);
  if (!program) return fail(program.error());
  auto environment = program_environment(invocation);
  if (!environment) return fail(environment.error());
  const auto window =
      duration_option(invocation, "dedup-window", hours(24), {Duration(0), hours(24 * 365)});
  if (!window) return fail(window.error());
  return FromOptions{.broker = std::move(*broker),
                     .worker = *worker,
                     .program = std::move(*program),
                     .environment = std::move(*environment),
                     .dedup_window = *window};
}

/// Null: duplicates are not looked for.
Result<std::unique_ptr<DoneIds>> open_done_ids(const WorkingPlace& place, Clock& clock,
                                               Duration window) {
  if (window <= Duration(0)) return std::unique_ptr<DoneIds>();
  if (!place.kept()) return std::make_unique<MemoryDoneIds>(clock, window);
  auto opened = FileDoneIds::open(place.directory() + "/done-messages", clock, {.window = window});
  if (!opened) return fail(opened.error());
  return std::move(*opened);
}

void tell_the_end(const MessageCounts& counts) {
  log::info("worker_ended", "it takes no more messages",
            {{"done", counts.done},
             {"duplicates", counts.duplicates},
             {"given_back", counts.given_back},
             {"rejected", counts.rejected},
             {"lost", counts.lost}});
}

}  // namespace

std::vector<Option> worker_from_options() {
  std::vector<Option> options = broker_options();
  for (Option& option : options) {
    if (option.name == "queue" || option.name == "amqp-url-file") option.beside = "from";
  }
  for (const Option& option : std::initializer_list<Option>{
           {"rejected-topic", "NAME",
            "where messages that never succeed go: a topic of Pub/Sub, ARN of SNS or URL of SQS, "
            "RabbitMQ queue, or file:///…; without it they go back to the queue"},
           {"messages", "FORM", "what bodies must be: prio (the default), json or any"},
           {"concurrency", "N", "messages in hand at a time; 1 unless given"},
           {"visibility", "TIME", "hide a message for so long, and again at half of it; 10m"},
           {"timeout", "TIME", "stop a run after that, and give its message back"},
           {"retry-delay", "TIME", "hide a message that was given back for so long; 10s"},
           {"dedup-window", "TIME", "drop a message whose id was done within it; 24h; 0s: don't"},
           {"env", "NAME[=VALUE]", "give the command this variable too", Option::Times::many},
           {"once", "", "end after one message; status 75: it was given back"},
           {"until-empty", "", "end when none came for --idle; status 75: some were given back"},
           {"idle", "TIME", "see --until-empty; 5s"},
           {"lifetime", "TIME", "take no message after that, and end"},
       }) {
    options.push_back(option);
  }
  return options;
}

Status check_no_from_options(const Invocation& invocation) {
  for (const Option& option : worker_from_options()) {
    if (!invocation.has(option.name) || !option.beside.empty()) continue;
    const std::string_view instead =
        option.name == "concurrency" ? "; tasks at a time are set by --slots" : "";
    return fail(Code::invalid_argument,
                "--" + std::string(option.name) +
                    " goes with --from; name a kind of broker: gcp-pubsub, aws-sqs or amqp" +
                    std::string(instead));
  }
  if (invocation.rest.empty()) return {};
  return fail(Code::invalid_argument, "a command goes with --from; tasks say what they run");
}

Exit run_worker_from(Session& session, const Invocation& invocation) {
  const auto options = read_from_options(invocation);
  if (!options) return fail(options.error());
  if (is_same_place(options->broker, invocation.text("queue"), invocation.text("rejected-topic"))) {
    return fail(Code::invalid_argument,
                "--rejected-topic is the same as --queue: what is rejected would come back without "
                "end; give a place that somebody looks at");
  }
  const Signals signals(SecondSignal::asks_more);  // before any other thread
  QueueEnds ends(options->broker, session.clock());
  const auto from = ends.source({.name = invocation.text("queue"),
                                 .lease = options->worker.lease,
                                 .in_hand = options->worker.concurrency});
  if (!from) return fail(from.error());
  std::unique_ptr<Queue> rejected;
  if (invocation.has("rejected-topic")) {
    auto made = ends.destination(invocation.text("rejected-topic"));
    if (!made) return fail(with_context(made.error(), "--rejected-topic"));
    rejected = std::move(*made);
  } else {
    log::warn("no_rejected_topic",
              "messages that never succeed go back to the queue; name one with --rejected-topic");
  }
  const auto place = WorkingPlace::open(session);
  if (!place) return fail(place.error());
  const auto scratch = FileScratchSpace::open(
      (*place)->directory() + "/scratch",
      "messages-" + std::to_string(::getpid()) + "-" +
          to_string(UuidMaker(session.rng()).next(session.clock().now())).substr(24));
  if (!scratch) return fail(scratch.error());
  const auto command =
      CommandKind::create({.environment = inherited_environment()}, session.clock());
  if (!command) return fail(command.error());
  ProgramOutput output;
  MessageProgram program(
      **command, **scratch,
      {.spec = options->program,
       .environment = options->environment,
       .lines = [&](LogStream stream, std::string_view lines) { output.write(stream, lines); }});
  const auto done = open_done_ids(**place, session.clock(), options->dedup_window);
  if (!done) return fail(done.error());
  MessageWorkerOptions terms = options->worker;
  terms.first_lease = from->first_lease;
  MessageWorker worker({.from = *from->queue,
                        .rejected = rejected.get(),
                        .handler = program,
                        .done = done->get(),
                        .clock = session.clock()},
                       terms);
  log::info("worker_started", "taking messages",
            {{"from", options->broker.kind}, {"queue", invocation.text("queue")}});
  tell_ready();
  const auto counts = worker.run({.finish = signals.token(), .abort = signals.second()});
  if (!counts) return fail(counts.error());
  tell_the_end(*counts);
  const bool judged = terms.end != WorkerEnd::never && !signals.token().stop_requested();
  return judged && counts->given_back > 0 ? kExitGivenBack : 0;
}

}  // namespace waybill::cli
