#include "ports/ledger_image.h"

namespace waybill {
namespace {

constexpr auto kInteger = CellType::integer;
constexpr auto kFlag = CellType::flag;
constexpr auto kText = CellType::text;
constexpr auto kOctets = CellType::octets;
constexpr auto kBytes = CellType::bytes;
constexpr auto kId = CellType::id;

/// Tasks and what belongs to them.
std::vector<ImageTable> task_tables() {
  return {
      // No handle up to the last is given again.
      {"handles", 1, {{"last", kInteger}}},
      {"lanes", 1, {{"lane", kInteger}, {"queue", kText}, {"kind", kText}}},
      {"tasks", 1, {{"handle", kInteger},      {"id", kId},
                    {"lane", kInteger},        {"priority", kInteger},
                    {"state", kInteger},       {"revision", kInteger},
                    {"fence", kInteger},       {"waiting_for", kInteger},
                    {"run_at", kInteger},      {"rank", kInteger},
                    {"lease_until", kInteger}, {"finished_at", kInteger},
                    {"dedup_key", kOctets},    {"dedup_scope", kInteger},
                    {"detail", kBytes},        {"history", kBytes},
                    {"created_at", kInteger},  {"definition", kText},
                    {"created_by", kText},     {"spec", kText},
                    {"params", kText},         {"rest", kBytes}}},
      {"waits", 2, {{"on_id", kId}, {"task", kInteger}}},
      {"reports", 1, {{"task", kInteger}, {"progress", kText}, {"checkpoint", kText}}},
      // Those that are held for ever, also of tasks that retention has removed.
      {"keys", 1, {{"dedup_key", kOctets}, {"id", kId}}},
      {"events",
       1,
       {{"commit_number", kInteger},
        {"changes_until", kInteger},
        {"change_count", kInteger},
        {"changes", kBytes}}},
      {"artifacts",
       2,
       {{"task", kInteger},
        {"name", kText},
        {"fence", kInteger},
        {"sha256", kBytes},
        {"size_bytes", kInteger},
        {"media_type", kText},
        {"created_at", kInteger}}},
      {"condemned_contents", 1, {{"sha256", kBytes}, {"at", kInteger}}},
      {"store_claims", 1, {{"ledger", kId}, {"round", kInteger}}},
  };
}

/// Collections, what was fetched from them, and what is said of that.
std::vector<ImageTable> collection_tables() {
  return {
      {"collections",
       1,
       {{"id", kId},
        {"url", kText},
        {"title", kText},
        {"description", kText},
        {"creator", kText},
        {"index_cid", kText},
        {"indexed_at", kInteger},
        {"created_at", kInteger},
        {"changed_at", kInteger}}},
      {"collection_items",
       2,
       {{"collection", kId},
        {"position", kInteger},
        {"url", kText},
        {"title", kText},
        {"description", kText},
        {"tried_at", kInteger},
        {"fetched_at", kInteger},
        {"failure", kInteger},
        {"status", kInteger},
        {"size_bytes", kInteger},
        {"media_type", kText},
        {"sha256", kText},
        {"cid", kText},
        {"header_cid", kText},
        {"error", kText}}},
      {"snapshots",
       2,
       {{"url", kText},
        {"fetched_at", kInteger},
        {"took_ms", kInteger},
        {"status", kInteger},
        {"size_bytes", kInteger},
        {"media_type", kText},
        {"sha256", kText},
        {"cid", kText},
        {"header_cid", kText}}},
      {"metadata",
       2,
       {{"subject", kText},
        {"hash", kText},
        {"at", kInteger},
        {"meta", kText},
        {"digest", kBytes}}},
  };
}

/// What scans found, what definitions said.
std::vector<ImageTable> chronicle_tables() {
  return {
      {"scan_passes",
       2,
       {{"scan", kText},
        {"number", kInteger},
        {"first_at", kInteger},
        {"last_at", kInteger},
        {"passes", kInteger},
        {"error", kText},
        {"summary", kText},
        {"report", kBytes},
        {"digest", kBytes}}},
      {"definition_versions",
       3,
       {{"map", kText},
        {"name", kText},
        {"number", kInteger},
        {"since", kInteger},
        {"repository", kText},
        {"commit_id", kText},
        {"file", kText},
        {"line", kInteger},
        {"definition", kText},
        {"digest", kBytes}}},
  };
}

std::vector<ImageTable> setting_tables() {
  return {
      {"queues",
       1,
       {{"name", kText},
        {"paused", kFlag},
        {"concurrency_max", kInteger},
        {"keep_succeeded", kInteger},
        {"keep_failed", kInteger},
        {"keep_cancelled", kInteger}}},
      {"schedules",
       1,
       {{"name", kText},
        {"cron", kText},
        {"zone", kText},
        {"daylight", kInteger},
        {"catch_up", kInteger},
        {"paused", kFlag},
        {"source", kText},
        {"handled_until", kInteger},
        {"task", kBytes},
        {"pause_at", kInteger},
        {"pause_by", kText},
        {"pause_reason", kText}}},
      {"secrets",
       1,
       {{"name", kText},
        {"sealed", kBytes},
        {"key_id", kText},
        {"created_at", kInteger},
        {"changed_at", kInteger},
        {"changed_by", kText}}},
  };
}

std::vector<ImageTable> door_tables() {
  return {
      {"tokens",
       1,
       {{"id", kText},
        {"name", kText},
        {"role", kInteger},
        {"hash", kBytes},
        {"created_at", kInteger},
        {"created_by", kText},
        {"expires_at", kInteger},
        {"revoked_at", kInteger},
        {"last_used_at", kInteger},
        {"rate_limit", kInteger}}},
      {"people",
       1,
       {{"name", kText},
        {"provider", kText},
        {"subject", kText},
        {"login", kText},
        {"email", kText},
        {"email_verified", kFlag},
        {"group_names", kText},
        {"first_seen_at", kInteger},
        {"logged_in_at", kInteger},
        {"sealed_token", kBytes}}},
      {"sessions",
       1,
       {{"id", kText},
        {"hash", kBytes},
        {"person", kText},
        {"created_at", kInteger},
        {"seen_at", kInteger},
        {"ends_at", kInteger},
        {"revoked_at", kInteger},
        {"seen_from", kText}}},
      {"audit",
       1,
       {{"sequence", kInteger},
        {"at", kInteger},
        {"who", kText},
        {"origin", kText},
        {"operation", kText},
        {"subject", kText},
        {"count", kInteger},
        {"outcome", kInteger},
        {"reason", kText}}},
      {"first_answers",
       1,
       {{"owner", kOctets},
        {"fingerprint", kBytes},
        {"status", kInteger},
        {"headers", kOctets},
        {"body", kBytes},
        {"kept_at", kInteger}}},
  };
}

std::vector<ImageTable> webhook_tables() {
  return {
      {"webhooks",
       1,
       {{"name", kText},
        {"id", kId},
        {"settings", kText},
        {"state", kInteger},
        {"sequence", kInteger},
        {"failures", kInteger},
        {"wait_until", kInteger},
        {"succeeded_at", kInteger},
        {"failed_at", kInteger},
        {"status", kInteger},
        {"error", kText},
        {"gaps", kInteger},
        {"created_at", kInteger},
        {"changed_at", kInteger},
        {"changed_by", kText}}},
      {"webhook_deliveries",
       2,
       {{"webhook", kText},
        {"sequence", kInteger},
        {"body", kOctets},
        {"attempts", kInteger},
        {"next_at", kInteger},
        {"status", kInteger},
        {"error", kText}}},
  };
}

std::vector<ImageTable> run_tables() {
  return {
      {"plans", 1, {{"digest", kText}, {"plan", kOctets}}},
      {"runs", 1, {{"number", kInteger},     {"id", kId},          {"pipeline", kText},
                   {"plan", kText},          {"params", kOctets},  {"priority", kInteger},
                   {"reuse_from", kId},      {"anew", kText},      {"created_by", kText},
                   {"created_at", kInteger}, {"state", kInteger},  {"started_at", kInteger},
                   {"ended_at", kInteger},   {"outputs", kOctets}, {"error", kText},
                   {"next_at", kInteger},    {"stop", kInteger},   {"stop_by", kText},
                   {"stop_reason", kText},   {"asked", kInteger}}},
      // `run` is the run's number.
      {"run_nodes",
       2,
       {{"run", kInteger},
        {"path", kText},
        {"kind", kInteger},
        {"state", kInteger},
        {"stop", kInteger},
        {"due", kInteger},
        {"outputs", kOctets},
        {"error", kText},
        {"fingerprint", kText},
        {"reused", kFlag},
        {"wait", kText},
        {"approval", kFlag},
        {"decision", kText},
        {"began_at", kInteger},
        {"ended_at", kInteger},
        {"artifacts", kOctets},
        {"bytes", kInteger}}},
  };
}

std::vector<ImageTable> all_tables() {
  std::vector<ImageTable> tables;
  for (auto* part : {task_tables, setting_tables, door_tables, webhook_tables, run_tables,
                     collection_tables, chronicle_tables}) {
    for (ImageTable& table : part()) tables.push_back(std::move(table));
  }
  return tables;
}

}  // namespace

std::span<const ImageTable> image_tables() {
  static const std::vector<ImageTable> tables = all_tables();
  return tables;
}

}  // namespace waybill
