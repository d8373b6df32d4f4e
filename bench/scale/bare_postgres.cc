#include <libpq-fe.h>

#include <algorithm>
#include <array>
#include <memory>
#include <span>
#include <thread>

#include "adapters/local/system_clock.h"
#include "bench/scale/scale_loads.h"
#include "bench/scale/scale_tasks.h"

namespace waybill::bench {
namespace {

/// What any queue on PostgreSQL needs: a unique id, and an index in the order of claims.
constexpr const char* kTable = R"(
  DROP TABLE IF EXISTS bare;
  CREATE TABLE bare (
    id uuid PRIMARY KEY, state smallint NOT NULL DEFAULT 0, priority smallint NOT NULL DEFAULT 0,
    run_at timestamptz NOT NULL DEFAULT now(), worker text, finished_at timestamptz,
    params text NOT NULL
  ) WITH (fillfactor = 70, autovacuum_vacuum_cost_delay = 0);
  CREATE INDEX bare_ready ON bare (priority, run_at, id) WHERE state = 0;)";
constexpr const char* kInsert =
    "INSERT INTO bare (id, params) SELECT * FROM unnest($1::uuid[], $2::text[])";
constexpr const char* kClaim =
    "UPDATE bare SET state = 1, worker = 'bench' WHERE id IN (SELECT id FROM bare WHERE state = 0 "
    "ORDER BY priority, run_at, id LIMIT $1::int FOR UPDATE SKIP LOCKED) RETURNING id";
constexpr const char* kDelete = "DELETE FROM bare WHERE id = ANY ($1::uuid[]) AND state = 1";
constexpr const char* kKeep =
    "UPDATE bare SET state = 2, finished_at = now() WHERE id = ANY ($1::uuid[]) AND state = 1";

struct Clear {
  void operator()(PGresult* result) const { PQclear(result); }
};
struct Finish {
  void operator()(PGconn* connection) const { PQfinish(connection); }
};
using Rows = std::unique_ptr<PGresult, Clear>;
using Session = std::unique_ptr<PGconn, Finish>;

Result<Rows> checked(const Session& session, PGresult* result) {
  Rows rows(result);
  const ExecStatusType status = PQresultStatus(result);
  if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK) return rows;
  return fail(Code::unknown, std::string("bare statement: ") + PQerrorMessage(session.get()));
}

Result<Session> open(const std::string& place) {
  Session session(PQconnectdb(place.c_str()));
  if (PQstatus(session.get()) == CONNECTION_OK) return session;
  return fail(Code::unavailable, PQerrorMessage(session.get()));
}

/// A prepared statement, one round trip and one transaction a call.
class Statement {
 public:
  Statement(const Session& session, const char* sql) : session_(session) {
    prepared_ = checked(session_, PQprepare(session_.get(), sql, sql, 0, nullptr));
    name_ = sql;
  }
  Result<Rows> run(std::span<const char* const> values) {
    if (!prepared_) return fail(prepared_.error());
    return checked(session_, PQexecPrepared(session_.get(), name_, static_cast<int>(values.size()),
                                            values.data(), nullptr, nullptr, 0));
  }

 private:
  const Session& session_;
  const char* name_ = nullptr;
  Result<Rows> prepared_;
};

/// The params have no character that an array would need escaped but quotes.
std::string quoted(const std::string& text) {
  std::string element = "\"";
  for (const char c : text) {
    if (c == '"') element += '\\';
    element += c;
  }
  return element + "\"";
}

Status insert_all(const std::string& place, const std::vector<TaskRequest>& tasks,
                  std::size_t batch) {
  const auto session = open(place);
  if (!session) return fail(session.error());
  Statement insert(*session, kInsert);
  for (std::size_t at = 0; at < tasks.size(); at += batch) {
    std::string ids = "{";
    std::string params = "{";
    for (std::size_t i = at; i < std::min(at + batch, tasks.size()); ++i) {
      if (i > at) ids += ',';
      if (i > at) params += ',';
      ids += to_string(tasks[i].id);
      params += quoted(tasks[i].params);
    }
    ids += '}';
    params += '}';
    const auto done = insert.run(std::array{ids.c_str(), params.c_str()});
    if (!done) return fail(done.error());
  }
  return {};
}

}  // namespace

Result<ScaleReport> run_bare_enqueue(const ScaleOptions& options) {
  SystemClock clock;
  const auto session = open(options.place);
  if (!session) return fail(session.error());
  if (const auto made = checked(*session, PQexec(session->get(), kTable)); !made) {
    return fail(made.error());
  }
  const auto shares = scale_tasks(options, clock);
  std::vector<Status> answers(options.callers);
  const SteadyTime begin = clock.steady_now();
  {
    std::vector<std::jthread> callers;
    for (std::size_t i = 0; i < options.callers; ++i) {
      callers.emplace_back(
          [&, i] { answers[i] = insert_all(options.place, shares[i], options.batch); });
    }
  }
  const Duration took = clock.steady_now() - begin;
  ScaleReport report{.seconds = std::chrono::duration<double>(took).count()};
  for (std::size_t i = 0; i < options.callers; ++i) {
    if (!answers[i]) return fail(answers[i].error());
    report.tasks += shares[i].size();
  }
  return report;
}

Result<ScaleReport> run_bare_drain(const ScaleOptions& options) {
  SystemClock clock;
  const auto session = open(options.place);
  if (!session) return fail(session.error());
  Statement claim(*session, kClaim);
  Statement finish(*session, options.keep ? kKeep : kDelete);
  const std::string limit = std::to_string(options.batch);
  ScaleReport report;
  const SteadyTime begin = clock.steady_now();
  for (;;) {
    const auto claimed = claim.run(std::array{limit.c_str()});
    if (!claimed) return fail(claimed.error());
    const int count = PQntuples(claimed->get());
    if (count == 0) break;
    std::string ids = "{";
    for (int row = 0; row < count; ++row) {
      if (row > 0) ids += ',';
      ids += PQgetvalue(claimed->get(), row, 0);
    }
    ids += '}';
    const auto finished = finish.run(std::array{ids.c_str()});
    if (!finished) return fail(finished.error());
    report.tasks += static_cast<std::size_t>(count);
  }
  report.seconds = std::chrono::duration<double>(clock.steady_now() - begin).count();
  return report;
}

}  // namespace waybill::bench
