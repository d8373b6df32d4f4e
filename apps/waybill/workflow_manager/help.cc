#include <string>

#include "apps/waybill/workflow_manager/workflow_manager.h"
#include "core/prio/workflow_flags.h"

namespace waybill::cli {
namespace {

constexpr std::size_t kIndent = 6;
constexpr std::size_t kWidth = 96;

constexpr const char* kHead =
    R"(Examples:
  waybill workflow-manager --ingestor-input s3://us-west-1/ingest \
      --own-validation-input s3://us-west-1/own --peer-validation-input s3://us-west-1/peer \
      --task-queue-kind aws-sns --aws-sns-region us-west-1 \
      --intake-tasks-topic arn:aws:sns:us-west-1:123456789012:intake \
      --aggregate-tasks-topic arn:aws:sns:us-west-1:123456789012:aggregate
  WAYBILL_AMQP_URL=amqp://ann:password@rabbit/prio waybill workflow-manager --config prio.yaml \
      --task-queue-kind amqp --intake-tasks-topic intake --aggregate-tasks-topic aggregate
  waybill workflow-manager --config prio.yaml --dry-run
  waybill workflow-manager --config prio.yaml --dry-run --json --now 2020-10-31T12:00:00Z

Looks through Prio's buckets once, and publishes the intake and aggregation tasks that are due.
Takes the place of workflow-manager: its flags, messages, markers, metrics and log. Each task is
published once: a scan lock keeps two runs apart, a marker is written when its message was
confirmed, and a message that is repeated after a crash has the same trace-id.

Buckets are s3://, gs:// or file://, mixed at will. Queues are aws-sns, gcp-pubsub, amqp (RabbitMQ),
file (lines of JSON) and ledger: Waybill's own, whose tasks `waybill worker` runs.

Usage: waybill workflow-manager [flags]
)";

constexpr const char* kTail = R"(
One dash does as well as two, and --flag=value as --flag value; a boolean is written --flag or
--flag=true. Each flag may also be a variable (WAYBILL_GRACE_PERIOD) or a key of the --config file.

Exit status: 0 all is scheduled, or another scanner is at work; 1 something failed: what is left is
done by the next run; 2 the command line makes no sense; 70 a bug.
)";

void append_wrapped(std::string& text, std::string_view help) {
  std::size_t column = 0;
  while (!help.empty()) {
    const std::string_view word = help.substr(0, help.find(' '));
    help.remove_prefix(std::min(help.size(), word.size() + 1));
    if (column == 0 || column + 1 + word.size() > kWidth) {
      text += (column == 0 ? "" : "\n") + std::string(kIndent, ' ');
      column = kIndent;
    } else {
      text += ' ';
      ++column;
    }
    text += word;
    column += word.size();
  }
  text += '\n';
}

}  // namespace

std::string workflow_manager_help() {
  std::string text = kHead;
  for (const GoFlag& flag : prio::workflow_flags()) {
    text += "  --" + std::string(flag.name);
    if (!flag.value.empty()) text += " " + std::string(flag.value);
    if (!flag.fallback.empty() && flag.type != GoFlagType::boolean) {
      text += " (" + std::string(flag.fallback) + ")";
    }
    text += '\n';
    append_wrapped(text, flag.help);
  }
  return text + kTail;
}

}  // namespace waybill::cli
