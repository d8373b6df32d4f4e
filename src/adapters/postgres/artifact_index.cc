#include "adapters/postgres/artifact_index.h"

#include <set>
#include <utility>

#include "adapters/postgres/store_lock.h"
#include "base/digest.h"

namespace waybill::postgres {
namespace {

constexpr std::int64_t kLeased = static_cast<std::int64_t>(State::leased);

std::vector<Artifact> artifacts_in(const Rows& rows) {
  std::vector<Artifact> artifacts;
  for (int row = 0; row < rows.size(); ++row) {
    artifacts.push_back({.name = std::string(rows.text(row, 0)),
                         .sha256 = to_hex(rows.text(row, 1)),
                         .size_bytes = rows.integer(row, 2),
                         .media_type = std::string(rows.text(row, 3)),
                         .created_at = from_micros(rows.integer(row, 4))});
  }
  return artifacts;
}

Error no_task(const Uuid& task) {
  return {.code = Code::not_found, .message = "there is no task " + to_string(task)};
}

Error no_lease(const Uuid& task, std::uint64_t fence) {
  return {.code = Code::aborted,
          .message = "task " + to_string(task) + " is not leased with fence " +
                     std::to_string(fence) + " any more"};
}

/// A task that is not leased with that fence: whether it is there at all.
Error why_no_lease(Connection& connection, const Uuid& task, std::uint64_t fence) {
  const auto known = connection.run(Sql::lease_of_id, Params().uuid(task), {});
  if (!known) return known.error();
  return known->empty() ? no_task(task) : no_lease(task, fence);
}

Result<Array> bytes_of_contents(std::span<const std::string> contents) {
  Array bytes(Array::Of::bytes);
  for (const std::string& content : contents) {
    const auto digest = from_hex(content);
    if (!digest || digest->size() != 32) {
      return fail(Code::invalid_argument, "\"" + content + "\" is no SHA-256 in hexadecimal");
    }
    bytes.add(*digest);
  }
  return bytes;
}

std::vector<std::string> contents_in(const Rows& rows) {
  std::vector<std::string> contents;
  for (int row = 0; row < rows.size(); ++row) contents.push_back(to_hex(rows.text(row, 0)));
  return contents;
}

Status refuse_condemned(Connection& connection, std::span<const Artifact> artifacts) {
  Array contents(Array::Of::bytes);
  for (const Artifact& artifact : artifacts) contents.add(*from_hex(artifact.sha256));
  Params params;
  params.array(std::move(contents));
  const auto found = connection.run(Sql::any_condemned, params, {});
  if (!found) return fail(found.error());
  if (found->empty()) return {};
  return fail(Code::unavailable, "the content " + to_hex(found->text(0, 0)) +
                                     " is being collected at this moment; put it again");
}

Status put_artifacts(Connection& connection, std::int64_t handle, const AttemptArtifacts& attempt,
                     Time now) {
  Array names(Array::Of::texts);
  Array contents(Array::Of::bytes);
  Array sizes(Array::Of::integers);
  Array types(Array::Of::texts);
  for (const Artifact& artifact : attempt.artifacts) {
    names.add(artifact.name);
    contents.add(*from_hex(artifact.sha256));  // check_artifacts has seen it
    sizes.add(artifact.size_bytes);
    types.add(artifact.media_type);
  }
  Params params;
  params.integer(handle).integer(static_cast<std::int64_t>(attempt.fence)).integer(to_micros(now));
  params.array(std::move(names)).array(std::move(contents));
  params.array(std::move(sizes)).array(std::move(types));
  const auto put = connection.run(Sql::put_artifacts, params, {});
  return put ? Status() : fail(put.error());
}

Result<StoreClaim> claim_in(const Result<Rows>& rows) {
  if (!rows) return fail(rows.error());
  if (rows->empty()) {
    return fail(Code::data_loss, "the ledger has lost its id; restore it from a copy");
  }
  return StoreClaim{.ledger = to_hex(rows->text(0, 0)), .round = rows->integer(0, 1)};
}

}  // namespace

Status PostgresArtifactPort::record(const AttemptArtifacts& attempt, Time now) {
  if (Status fits = check_artifacts(attempt.artifacts); !fits) return fits;
  const auto fence = static_cast<std::int64_t>(attempt.fence);
  return database_.transaction([&](Connection& connection) -> Status {
    Status locked = lock_store(connection, StoreLock::artifacts, LockMode::shared);
    if (!locked) return locked;
    // Held until the commit, so that the attempt cannot end, nor another one begin, meanwhile.
    const auto lease =
        connection.run(Sql::lock_lease, Params().uuid(attempt.task).integer(fence), {});
    if (!lease) return fail(lease.error());
    if (lease->empty()) return fail(why_no_lease(connection, attempt.task, attempt.fence));
    const std::int64_t handle = lease->integer(0, 0);
    const std::int64_t handles[] = {handle};
    const auto removed =
        connection.run(Sql::remove_artifacts, std::move(Params().integers(handles)), {});
    if (!removed) return fail(removed.error());
    if (attempt.artifacts.empty()) return {};
    if (Status free = refuse_condemned(connection, attempt.artifacts); !free) return free;
    return put_artifacts(connection, handle, attempt, now);
  });
}

Status PostgresArtifactPort::require_task(const Uuid& task) {
  const auto known = database_.read(Sql::lease_of_id, Params().uuid(task));
  if (!known) return fail(known.error());
  return known->empty() ? fail(no_task(task)) : Status();
}

Result<std::vector<Artifact>> PostgresArtifactPort::list(const ArtifactQuery& query) {
  Params params;
  params.uuid(query.task).text(query.after).integer(static_cast<std::int64_t>(query.limit));
  const auto rows = database_.read(Sql::artifacts, params);
  if (!rows) return fail(rows.error());
  if (rows->empty()) {
    if (Status known = require_task(query.task); !known) return fail(known.error());
  }
  return artifacts_in(*rows);
}

Result<Artifact> PostgresArtifactPort::find(const Uuid& task, const std::string& name) {
  const auto rows = database_.read(Sql::artifact, Params().uuid(task).text(name));
  if (!rows) return fail(rows.error());
  if (!rows->empty()) return artifacts_in(*rows).front();
  if (Status known = require_task(task); !known) return fail(known.error());
  return fail(Code::not_found, "task " + to_string(task) +
                                   " has no such artifact; `waybill artifact list " +
                                   to_string(task) + "` lists those it has");
}

Result<Artifact> PostgresArtifactPort::recorded(const Uuid& task, std::uint64_t fence,
                                                const std::string& sha256) {
  const auto lease = database_.read(Sql::lease_of_id, Params().uuid(task));
  if (!lease) return fail(lease.error());
  if (lease->empty()) return fail(no_task(task));
  if (lease->integer(0, 0) != kLeased || lease->integer(0, 1) != static_cast<std::int64_t>(fence)) {
    return fail(no_lease(task, fence));
  }
  Params params;
  params.uuid(task).integer(static_cast<std::int64_t>(fence));
  params.bytes(from_hex(sha256).value_or(""));
  const auto rows = database_.read(Sql::recorded_artifact, params);
  if (!rows) return fail(rows.error());
  if (!rows->empty()) return artifacts_in(*rows).front();
  return fail(Code::not_found, "task " + to_string(task) + " has recorded no artifact with the " +
                                   "content " + sha256 + "; record it first");
}

Result<std::vector<std::string>> PostgresArtifactPort::condemn(
    std::span<const std::string> contents, Time now) {
  auto bytes = bytes_of_contents(contents);
  if (!bytes) return fail(bytes.error());
  Params params;
  params.array(std::move(*bytes)).integer(to_micros(now));
  std::vector<std::string> found;
  const Status done = database_.transaction([&](Connection& connection) -> Status {
    Status locked = lock_store(connection, StoreLock::artifacts);
    if (!locked) return locked;
    const auto rows = connection.run(Sql::condemn_contents, params, {});
    if (!rows) return fail(rows.error());
    found = contents_in(*rows);
    return {};
  });
  if (!done) return fail(done.error());
  const std::set<std::string> condemned(found.begin(), found.end());
  std::vector<std::string> in_order;
  for (const std::string& content : contents) {
    if (condemned.contains(content)) in_order.push_back(content);
  }
  return in_order;
}

Result<std::vector<std::string>> PostgresArtifactPort::condemned(Time before, std::size_t limit) {
  Params params;
  params.integer(to_micros(before)).integer(static_cast<std::int64_t>(limit));
  const auto rows = database_.read(Sql::condemned_contents, params);
  if (!rows) return fail(rows.error());
  return contents_in(*rows);
}

Status PostgresArtifactPort::release(std::span<const std::string> contents, Time condemned_until) {
  auto bytes = bytes_of_contents(contents);
  if (!bytes) return fail(bytes.error());
  Params params;
  params.array(std::move(*bytes)).integer(to_micros(condemned_until));
  const auto released = database_.write(Sql::release_contents, params);
  return released ? Status() : fail(released.error());
}

Result<StoreClaim> PostgresArtifactPort::claim() {
  return claim_in(database_.read(Sql::store_claim, Params()));
}

Result<StoreClaim> PostgresArtifactPort::next_claim() {
  return claim_in(database_.write(Sql::next_store_claim, Params()));
}

}  // namespace waybill::postgres
