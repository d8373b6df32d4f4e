#include "adapters/sqlite/artifact_index.h"

#include <array>
#include <utility>

#include "adapters/sqlite/ledger.h"
#include "base/digest.h"

namespace waybill::sqlite {
namespace {

Artifact artifact_of(Statement& row) {
  return {.name = std::string(row.text(0)),
          .sha256 = to_hex(row.blob(1)),
          .size_bytes = row.integer(2),
          .media_type = std::string(row.text(3)),
          .created_at = from_micros(row.integer(4))};
}

/// All rows of a statement that was bound.
Result<std::vector<Artifact>> artifacts_of(Statement& query) {
  const ResetAtExit reset(query);
  std::vector<Artifact> artifacts;
  for (;;) {
    const auto more = query.step();
    if (!more) return fail(more.error());
    if (!*more) return artifacts;
    artifacts.push_back(artifact_of(query));
  }
}

Error lease_is_over(const Uuid& task, std::uint64_t fence) {
  return {.code = Code::aborted,
          .message = "task " + to_string(task) + " is not leased with fence " +
                     std::to_string(fence) + " any more"};
}

/// `not_found` unless there is such a task.
Status require_task(Database& database, const Uuid& task) {
  const auto query = database.statement(Sql::state_of_id);
  if (!query) return fail(query.error());
  const ResetAtExit reset(**query);
  const auto row = (*query)->bind_blob(1, bytes_of(task)).step();
  if (!row) return fail(row.error());
  if (!*row) return fail(unknown_task(task));
  return {};
}

Result<std::int64_t> handle_under_lease(Transaction& transaction, const AttemptArtifacts& attempt) {
  if (Status flushed = transaction.flush(); !flushed) return fail(flushed.error());
  const auto handles = handles_of(transaction.database(), std::array{attempt.task});
  if (!handles) return fail(handles.error());
  if (Status loaded = transaction.load(*handles); !loaded) return fail(loaded.error());
  const TaskRow* row = transaction.find(handles->front());
  if (row == nullptr) return fail(unknown_task(attempt.task));
  if (row->state != State::leased || row->fence != attempt.fence) {
    return fail(lease_is_over(attempt.task, attempt.fence));
  }
  return row->handle;
}

Status refuse_condemned(Database& database, const Artifact& artifact, const std::string& sha256) {
  const auto query = database.statement(Sql::is_condemned);
  if (!query) return fail(query.error());
  const ResetAtExit reset(**query);
  const auto row = (*query)->bind_blob(1, sha256).step();
  if (!row) return fail(row.error());
  if (!*row) return {};
  return fail(Code::unavailable, "the content " + artifact.sha256 + " of artifact \"" +
                                     artifact.name +
                                     "\" is being collected at this moment; put it again");
}

Status put_artifact(Database& database, std::int64_t handle, std::uint64_t fence,
                    const Artifact& artifact, Time now) {
  const std::string sha256 = *from_hex(artifact.sha256);  // check_artifacts has seen it
  if (Status free = refuse_condemned(database, artifact, sha256); !free) return free;
  const auto put = database.statement(Sql::put_artifact);
  if (!put) return fail(put.error());
  (*put)->bind(1, handle).bind_text(2, artifact.name).bind(3, static_cast<std::int64_t>(fence));
  (*put)->bind_blob(4, sha256).bind(5, artifact.size_bytes).bind_text(6, artifact.media_type);
  return (*put)->bind(7, to_micros(now)).run();
}

Result<std::vector<std::string>> contents_bytes(std::span<const std::string> contents) {
  std::vector<std::string> bytes;
  bytes.reserve(contents.size());
  for (const std::string& content : contents) {
    auto digest = from_hex(content);
    if (!digest || digest->size() != 32) {
      return fail(Code::invalid_argument, "\"" + content + "\" is no SHA-256 in hexadecimal");
    }
    bytes.push_back(std::move(*digest));
  }
  return bytes;
}

Result<StoreClaim> claim_in(Database& database) {
  const auto row = database.statement(Sql::store_claim);
  if (!row) return fail(row.error());
  const ResetAtExit reset(**row);
  const auto found = (*row)->step();
  if (!found) return fail(found.error());
  if (!*found) return fail(Code::data_loss, "the ledger has lost its id; restore it from a copy");
  return StoreClaim{.ledger = to_hex((*row)->blob(0)), .round = (*row)->integer(1)};
}

}  // namespace

Status SqliteArtifactPort::record(const AttemptArtifacts& attempt, Time now) {
  if (Status fits = check_artifacts(attempt.artifacts); !fits) return fits;
  return writer_.write([&](Transaction& transaction) -> Status {
    Database& database = transaction.database();
    const auto handle = handle_under_lease(transaction, attempt);
    if (!handle) return fail(handle.error());
    const auto remove = database.statement(Sql::remove_artifacts);
    if (!remove) return fail(remove.error());
    transaction.note_write();
    if (Status removed = (*remove)->bind(1, *handle).run(); !removed) return removed;
    for (const Artifact& artifact : attempt.artifacts) {
      Status put = put_artifact(database, *handle, attempt.fence, artifact, now);
      if (!put) return put;
    }
    return {};
  });
}

Result<std::vector<Artifact>> SqliteArtifactPort::list(const ArtifactQuery& query) {
  using Artifacts = std::vector<Artifact>;
  return readers_.read<Artifacts>([&](Database& database) -> Result<Artifacts> {
    if (Status known = require_task(database, query.task); !known) return fail(known.error());
    const auto rows = database.statement(Sql::artifacts);
    if (!rows) return fail(rows.error());
    (*rows)->bind_blob(1, bytes_of(query.task)).bind_text(2, query.after);
    return artifacts_of((*rows)->bind(3, static_cast<std::int64_t>(query.limit)));
  });
}

Result<Artifact> SqliteArtifactPort::find(const Uuid& task, const std::string& name) {
  return readers_.read<Artifact>([&](Database& database) -> Result<Artifact> {
    if (Status known = require_task(database, task); !known) return fail(known.error());
    const auto row = database.statement(Sql::artifact);
    if (!row) return fail(row.error());
    auto found = artifacts_of((*row)->bind_blob(1, bytes_of(task)).bind_text(2, name));
    if (!found) return fail(found.error());
    if (!found->empty()) return std::move(found->front());
    return fail(Code::not_found, "task " + to_string(task) +
                                     " has no such artifact; `waybill artifact list " +
                                     to_string(task) + "` lists those it has");
  });
}

Result<Artifact> SqliteArtifactPort::recorded(const Uuid& task, std::uint64_t fence,
                                              const std::string& sha256) {
  return readers_.read<Artifact>([&](Database& database) -> Result<Artifact> {
    const auto lease = database.statement(Sql::lease_of_id);
    if (!lease) return fail(lease.error());
    const ResetAtExit reset(**lease);
    const auto row = (*lease)->bind_blob(1, bytes_of(task)).step();
    if (!row) return fail(row.error());
    if (!*row) return fail(unknown_task(task));
    const bool holds = (*lease)->integer(0) == static_cast<std::int64_t>(State::leased) &&
                       (*lease)->integer(1) == static_cast<std::int64_t>(fence);
    if (!holds) return fail(lease_is_over(task, fence));
    const std::string content = from_hex(sha256).value_or("");
    const auto rows = database.statement(Sql::recorded_artifact);
    if (!rows) return fail(rows.error());
    (*rows)->bind_blob(1, bytes_of(task)).bind(2, static_cast<std::int64_t>(fence));
    auto found = artifacts_of((*rows)->bind_blob(3, content));
    if (!found) return fail(found.error());
    if (!found->empty()) return std::move(found->front());
    return fail(Code::not_found, "task " + to_string(task) +
                                     " has recorded no artifact with the "
                                     "content " +
                                     sha256 + "; record it first");
  });
}

Result<std::vector<std::string>> SqliteArtifactPort::condemn(std::span<const std::string> contents,
                                                             Time now) {
  const auto bytes = contents_bytes(contents);
  if (!bytes) return fail(bytes.error());
  std::vector<std::string> condemned;
  const Status written = writer_.write([&](Transaction& transaction) -> Status {
    condemned.clear();
    if (Status flushed = transaction.flush(); !flushed) return flushed;
    Database& database = transaction.database();
    const auto condemn = database.statement(Sql::condemn_content);
    if (!condemn) return fail(condemn.error());
    transaction.note_write();
    for (std::size_t i = 0; i < contents.size(); ++i) {
      (*condemn)->bind_blob(1, (*bytes)[i]).bind(2, to_micros(now));
      if (Status done = (*condemn)->run(); !done) return done;
      if (database.rows_changed() > 0) condemned.push_back(contents[i]);
    }
    return {};
  });
  if (!written) return fail(written.error());
  return condemned;
}

Result<std::vector<std::string>> SqliteArtifactPort::condemned(Time before, std::size_t limit) {
  using Contents = std::vector<std::string>;
  return readers_.read<Contents>([&](Database& database) -> Result<Contents> {
    const auto rows = database.statement(Sql::condemned_contents);
    if (!rows) return fail(rows.error());
    const ResetAtExit reset(**rows);
    (*rows)->bind(1, to_micros(before)).bind(2, static_cast<std::int64_t>(limit));
    Contents contents;
    for (;;) {
      const auto more = (*rows)->step();
      if (!more) return fail(more.error());
      if (!*more) return contents;
      contents.push_back(to_hex((*rows)->blob(0)));
    }
  });
}

Status SqliteArtifactPort::release(std::span<const std::string> contents, Time condemned_until) {
  const auto bytes = contents_bytes(contents);
  if (!bytes) return fail(bytes.error());
  return writer_.write([&](Transaction& transaction) -> Status {
    const auto release = transaction.database().statement(Sql::release_content);
    if (!release) return fail(release.error());
    transaction.note_write();
    for (const std::string& content : *bytes) {
      (*release)->bind_blob(1, content).bind(2, to_micros(condemned_until));
      if (Status done = (*release)->run(); !done) return done;
    }
    return {};
  });
}

Result<StoreClaim> SqliteArtifactPort::claim() { return readers_.read<StoreClaim>(claim_in); }

Result<StoreClaim> SqliteArtifactPort::next_claim() {
  StoreClaim next;
  const Status written = writer_.write([&](Transaction& transaction) -> Status {
    const auto further = transaction.database().statement(Sql::next_store_claim);
    if (!further) return fail(further.error());
    transaction.note_write();
    if (Status done = (*further)->run(); !done) return done;
    const auto claim = claim_in(transaction.database());
    if (!claim) return fail(claim.error());
    next = *claim;
    return {};
  });
  if (!written) return fail(written.error());
  return next;
}

}  // namespace waybill::sqlite
