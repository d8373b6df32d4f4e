#include "core/prio/workflow_flags.h"

namespace waybill::prio {
namespace {

constexpr GoFlagType kText = GoFlagType::text;
constexpr GoFlagType kBoolean = GoFlagType::boolean;
constexpr GoFlagType kInteger = GoFlagType::integer;
constexpr GoFlagType kDuration = GoFlagType::duration;

constexpr GoFlag kFlags[] = {
    {"ingestor-input", kText, "", "URL",
     "Bucket of the ingestion batches: s3://REGION/NAME, gs://NAME or file:///DIR. Required."},
    {"ingestor-identity", kText, "", "ROLE", "AWS role to take on for it."},
    {"own-validation-input", kText, "", "URL",
     "Bucket of our own validations; markers and the scan lock are written here. Required."},
    {"own-validation-identity", kText, "", "ROLE", "AWS role to take on for it."},
    {"peer-validation-input", kText, "", "URL", "Bucket of the peer's validations. Required."},
    {"peer-validation-identity", kText, "", "ROLE", "AWS role to take on for it."},
    {"is-first", kBoolean, "false", "",
     "This side is the first, the PHA: the peer's files are validity_1, else validity_0."},
    {"intake-max-age", kDuration, "1h", "DURATION", "How old a batch may be to be taken in."},
    {"aggregation-period", kDuration, "3h", "DURATION",
     "Length of aggregation windows, in whole minutes."},
    {"grace-period", kDuration, "1h", "DURATION", "How long after its end a window is aggregated."},
    {"aggregation-override-timestamp", kText, "", "YYYYMMDDHHmm",
     "Aggregate the window that holds this minute (UTC), and no other."},
    {"task-queue-kind", kText, "", "KIND", "gcp-pubsub, aws-sns, amqp, file or ledger. Required."},
    {"intake-tasks-topic", kText, "", "TOPIC",
     "Where intake tasks go: a topic's name (Pub/Sub), its ARN (SNS), a queue or with "
     "--amqp-exchange "
     "a routing key (RabbitMQ), a file, or a task definition (ledger). Required."},
    {"aggregate-tasks-topic", kText, "", "TOPIC", "Where aggregation tasks go. Required."},
    {"max-enqueue-workers", kInteger, "100", "N",
     "How many publishes and marker writes are under way at a time."},
    {"gcp-project-id", kText, "", "ID", "Project of the topics; required with gcp-pubsub."},
    {"gcp-pubsub-create-topics", kBoolean, "false", "",
     "Create both topics, and a subscription each of the same name, where they are missing."},
    {"aws-sns-region", kText, "", "REGION", "Region of the topics; required with aws-sns."},
    {"aws-sns-identity", kText, "", "ROLE", "AWS role to take on for publishing."},
    {"dry-run", kBoolean, "false", "",
     "List and plan only, and print the plan. No lock, topic, message, marker or metric."},
    {"push-gateway", kText, "", "URL", "Prometheus Pushgateway; empty: no metrics are pushed."},
    {"k8s-namespace", kText, "", "NAME", "Value of the metrics' grouping label \"locality\"."},
    {"ingestor-label", kText, "", "NAME", "Value of the metrics' grouping label \"ingestor\"."},
    {"cpuprofile", kText, "", "FILE", "Taken for compatibility; nothing is written."},
    {"memprofile", kText, "", "FILE", "Taken for compatibility; nothing is written."},
    {"catch-up", kText, "auto", "DURATION",
     "Aggregate windows too that ended up to this long ago and have no marker. auto: those of the "
     "last 7 days (the time that markers are kept) where a marker tells that somebody was at work "
     "then or before."},
    {"split-aggregations", kBoolean, "false", "",
     "Halve a window whose message is too large for the queue, at whole minutes, until it fits."},
    {"amqp-url", kText, "", "URL",
     "RabbitMQ's: amqp://HOST:PORT/VHOST, or amqps:// with TLS. One with a password is refused "
     "here: "
     "set WAYBILL_AMQP_URL, or see --amqp-url-file."},
    {"amqp-url-file", kText, "", "FILE", "Read RabbitMQ's URL from this file."},
    {"amqp-exchange", kText, "", "NAME",
     "Publish to this exchange, which is there, with the topics as routing keys; empty: straight "
     "to "
     "the queues that the topics name, which are made where they are missing."},
    {"amqp-queue-type", kText, "", "TYPE", "classic or quorum; empty: RabbitMQ's default."},
    {"data", kText, "./waybill-data", "DIR", "Where Waybill's own ledger is; with ledger."},
    {"ledger", kText, "", "URL", "Where it is instead: postgres://user@host:5432/database."},
    {"definitions", kText, "", "DIR",
     "The definitions whose tasks the topics name; required with ledger."},
    {"now", kText, "", "TIME", "Run as if it were this moment: 2020-10-31T12:00:00Z."},
    {"json", kBoolean, "false", "", "Print the plan of a dry run as JSON instead of a table."},
    {"log-level", kText, "info", "LEVEL", "debug, info, warn, error or off."},
    {"config", kText, "", "FILE",
     "Read values from this YAML file; its keys are these names, with dashes or underscores."},
};

constexpr std::string_view kKinds[] = {"gcp-pubsub", "aws-sns", "amqp", "file", "ledger"};

}  // namespace

std::span<const GoFlag> workflow_flags() { return kFlags; }
std::span<const std::string_view> workflow_queue_kinds() { return kKinds; }

}  // namespace waybill::prio
