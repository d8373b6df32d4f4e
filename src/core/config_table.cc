#include <algorithm>

#include "base/ascii.h"
#include "core/config.h"

namespace waybill {
namespace {

constexpr ConfigEntry kEntries[] = {
    {.name = "data",
     .type = ConfigType::path,
     .fallback = "./waybill-data",
     .range = "",
     .help = "Directory of the ledger, the output of tasks and their scratch space.",
     .member = &Config::data},
    {.name = "ledger",
     .type = ConfigType::ledger_url,
     .fallback = "",
     .range = "",
     .help =
         "PostgreSQL database of the ledger, as postgres://user@host:5432/database; empty: a file "
         "in --data. No password in it: PGPASSWORD or PGPASSFILE tell that; "
         "docs/guides/postgresql.md.",
     .member = &Config::ledger},
    {.name = "queue",
     .type = ConfigType::broker_url,
     .fallback = "",
     .range = "",
     .help = "Broker that tells workers of tasks: amqp://HOST:PORT/VHOST, gcp-pubsub:PROJECT or "
             "aws-sns:REGION; amqp: WAYBILL_AMQP_URL or --amqp-url-file tell the URL; empty: "
             "workers ask the ledger; docs/reference/amqp.md.",
     .member = &Config::queue},
    {.name = "queue_prefix",
     .type = ConfigType::name,
     .fallback = "waybill",
     .range = "",
     .help = "What the names of the broker's exchanges, queues and topics begin with; one of its "
             "own for each ledger that shares a broker.",
     .member = &Config::queue_prefix},
    {.name = "amqp_url_file",
     .type = ConfigType::path,
     .fallback = "",
     .range = "",
     .help = "File with the URL of RabbitMQ, with its password, for --queue amqp; the variable "
             "WAYBILL_AMQP_URL may hold the URL itself.",
     .member = &Config::amqp_url_file},
    {.name = "definitions",
     .type = ConfigType::path,
     .fallback = "",
     .range = "",
     .help =
         "Directory whose .yaml, .yml and .json files define tasks, scans, schedules and queues; "
         "not those whose names begin with a dot.",
     .member = &Config::definitions},
    {.name = "definitions_from",
     .type = ConfigType::git_sources,
     .fallback = "",
     .range = "",
     .help = "Git repositories whose definitions are followed, with commas, each as "
             "REPOSITORY#REF:DIRECTORY; docs/reference/definitions-in-git.md.",
     .member = &Config::definitions_from},
    {.name = "definitions_every",
     .type = ConfigType::duration,
     .fallback = "1m",
     .range = "1s..24h",
     .help = "How often `up` and `serve` ask those repositories for new commits.",
     .member = &Config::definitions_every},
    {.name = "git_credentials_file",
     .type = ConfigType::path,
     .fallback = "",
     .range = "",
     .help = "File with logins for repositories over https, a line each: https://USER:TOKEN@HOST.",
     .member = &Config::git_credentials_file},
    {.name = "git_ssh_key_file",
     .type = ConfigType::path,
     .fallback = "",
     .range = "",
     .help = "File with the private key for repositories over ssh, without a password.",
     .member = &Config::git_ssh_key_file},
    {.name = "git_known_hosts_file",
     .type = ConfigType::path,
     .fallback = "",
     .range = "",
     .help = "File with the keys of ssh servers, as `ssh-keyscan HOST` writes it, beside "
             "/etc/ssh/ssh_known_hosts; others are not spoken to.",
     .member = &Config::git_known_hosts_file},
    {.name = "artifact_store",
     .type = ConfigType::path,
     .fallback = "",
     .range = "",
     .help = "Where the bytes of artifacts are kept, by all processes on a ledger: a directory, or "
             "a bucket as s3://REGION/NAME or gs://NAME; empty: below the data directory.",
     .member = &Config::artifact_store},
    {.name = "queues",
     .type = ConfigType::names,
     .fallback = "",
     .range = "",
     .help = "Queues that the worker serves, with commas; empty: every queue, also those that "
             "appear later.",
     .member = &Config::queues},
    {.name = "slots",
     .type = ConfigType::integer,
     .fallback = "4",
     .range = "1..1024",
     .help = "Tasks that the worker runs at a time.",
     .member = &Config::slots},
    {.name = "lease",
     .type = ConfigType::duration,
     .fallback = "25s",
     .range = "1s..1h",
     .help = "How long a task stays a worker's without a heartbeat; more than two beats.",
     .member = &Config::lease},
    {.name = "beat",
     .type = ConfigType::duration,
     .fallback = "10s",
     .range = "100ms..20m",
     .help = "Time between two heartbeats of a worker.",
     .member = &Config::beat},
    {.name = "poll",
     .type = ConfigType::duration,
     .fallback = "1s",
     .range = "10ms..1m",
     .help = "How often a worker looks for work when nobody told it of any.",
     .member = &Config::poll},
    {.name = "grace",
     .type = ConfigType::duration,
     .fallback = "30s",
     .range = "0s..1h",
     .help =
         "How long running tasks may go on after SIGTERM before they are stopped and given back.",
     .member = &Config::grace},
    {.name = "tidy_every",
     .type = ConfigType::duration,
     .fallback = "1m",
     .range = "1s..24h",
     .help =
         "How often finished tasks are looked through for those that retention no longer keeps.",
     .member = &Config::tidy_every},
    {.name = "audit_keep",
     .type = ConfigType::duration,
     .fallback = "400d",
     .range = "1d..36500d",
     .help = "How long the audit log keeps who changed what.",
     .member = &Config::audit_keep},
    {.name = "run_keep",
     .type = ConfigType::duration,
     .fallback = "90d",
     .range = "1d..36500d",
     .help = "How long runs of pipelines are kept after their end.",
     .member = &Config::run_keep},
    {.name = "listen",
     .type = ConfigType::address,
     .fallback = "127.0.0.1:8470",
     .range = "",
     .help =
         "Address and port of the HTTP API; port 0: one that is free. `up` listens only if it is "
         "given.",
     .member = &Config::listen},
    {.name = "grpc_listen",
     .type = ConfigType::address,
     .fallback = "",
     .range = "",
     .help =
         "Address and port of the gRPC API, beside the HTTP API and only with it; port 0: one that "
         "is free; empty: none.",
     .member = &Config::grpc_listen},
    {.name = "tls_certificate_file",
     .type = ConfigType::path,
     .fallback = "",
     .range = "",
     .help =
         "File with the certificate of the HTTP API and its chain, PEM: then it speaks HTTPS, and "
         "gRPC over TLS. Taken again when it changes.",
     .member = &Config::tls_certificate_file},
    {.name = "tls_key_file",
     .type = ConfigType::path,
     .fallback = "",
     .range = "",
     .help = "File with the certificate's key, PEM, without a password.",
     .member = &Config::tls_key_file},
    {.name = "secret_key_file",
     .type = ConfigType::path,
     .fallback = "",
     .range = "",
     .help = "File with the key under which secrets are kept, as `openssl rand -base64 32` makes "
             "one; the variable WAYBILL_SECRET_KEY may hold the key itself.",
     .member = &Config::secret_key_file},
    {.name = "redis_url_file",
     .type = ConfigType::path,
     .fallback = "",
     .range = "",
     .help = "File with the URL of the Redis on which --compat task-mgmt tells of tasks; the "
             "variable WAYBILL_REDIS_URL may hold the URL itself; docs/reference/task-mgmt.md.",
     .member = &Config::redis_url_file},
    {.name = "login",
     .type = ConfigType::path,
     .fallback = "",
     .range = "",
     .help = "File that says where people log in to the HTTP API, and with which role; "
             "docs/reference/login.md.",
     .member = &Config::login},
    {.name = "webhook_networks",
     .type = ConfigType::networks,
     .fallback = "",
     .range = "",
     .help = "Private networks that webhooks may reach, as 10.0.0.0/8,127.0.0.1, and without TLS "
             "too; else they reach public addresses alone, over https.",
     .member = &Config::webhook_networks},
    {.name = "mail_url",
     .type = ConfigType::mail_url,
     .fallback = "",
     .range = "",
     .help = "Server that `up` and `serve` give mail to, as smtp://host:587 or smtps://host:465; "
             "empty: notifications by mail fail; docs/reference/notifications.md.",
     .member = &Config::mail_url},
    {.name = "mail_from",
     .type = ConfigType::mail_address,
     .fallback = "",
     .range = "",
     .help = "Address that mail is from, as waybill@example.org.",
     .member = &Config::mail_from},
    {.name = "mail_username",
     .type = ConfigType::text,
     .fallback = "",
     .range = "",
     .help = "Who logs in to the mail server; empty: nobody does.",
     .member = &Config::mail_username},
    {.name = "mail_password_secret",
     .type = ConfigType::name,
     .fallback = "",
     .range = "",
     .help = "Name of the secret that is the password of mail_username, as `waybill secret set` "
             "keeps it.",
     .member = &Config::mail_password_secret},
    {.name = "mail_password_file",
     .type = ConfigType::path,
     .fallback = "",
     .range = "",
     .help = "File with that password, instead; read before each message.",
     .member = &Config::mail_password_file},
    {.name = "mail_tls",
     .type = ConfigType::choice,
     .fallback = "required",
     .range = "required|none",
     .help = "Whether mail goes only encrypted, to a server whose certificate is trusted: smtp:// "
             "by STARTTLS. none: never encrypted, and nobody logs in.",
     .member = &Config::mail_tls},
    {.name = "rate_limit",
     .type = ConfigType::integer,
     .fallback = "0",
     .range = "0..100000",
     .help = "Requests a second that the server takes of each token, or person who has logged in, "
             "for long; for a moment five times as many, ten at least. 0: as many as come.",
     .member = &Config::rate_limit},
    {.name = "cache",
     .type = ConfigType::size,
     .fallback = "16MiB",
     .range = "1MiB..64GiB",
     .help = "Memory in which the ledger keeps pages of its file.",
     .member = &Config::cache},
    {.name = "log_bytes",
     .type = ConfigType::size,
     .fallback = "64MiB",
     .range = "1MiB..64GiB",
     .help = "Size of the ledger's write-ahead log at which it is written back.",
     .member = &Config::log_bytes},
    {.name = "log_level",
     .type = ConfigType::choice,
     .fallback = "info",
     .range = "debug|info|warn|error|off",
     .help = "The least important lines that are logged.",
     .member = &Config::log_level},
    {.name = "log_format",
     .type = ConfigType::choice,
     .fallback = "auto",
     .range = "auto|json|human",
     .help = "How lines are logged; auto: for a person if stderr is a terminal, else JSON.",
     .member = &Config::log_format},
};

}  // namespace

std::span<const ConfigEntry> config_entries() { return kEntries; }

std::string flag_of(const ConfigEntry& entry) {
  std::string flag(entry.name);
  std::replace(flag.begin(), flag.end(), '_', '-');
  return flag;
}

std::string variable_of(const ConfigEntry& entry) {
  std::string variable = "WAYBILL_";
  for (const char c : entry.name) {
    variable += to_upper(c);
  }
  return variable;
}

}  // namespace waybill
