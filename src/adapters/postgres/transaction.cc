#include "adapters/postgres/transaction.h"

#include "adapters/postgres/changes.h"
#include "adapters/postgres/claims.h"
#include "adapters/postgres/event_tail.h"
#include "adapters/postgres/inserts.h"
#include "adapters/postgres/leases.h"

namespace waybill::postgres {

GroupTransaction::GroupTransaction(Connection& connection, const Round& round,
                                   std::span<WriteCall* const> group)
    : connection_(connection), round_(round), group_(group) {}

Status GroupTransaction::begin(Batch& batch) {
  const SteadyTime asked = round_.time.steady_now();
  batch.add(Sql::begin_write);
  batch.add(Sql::write_settings, {}, [this, asked](const Rows& rows) -> Status {
    round_.time.learn(from_micros(rows.integer(0, 2)), asked);
    identity_ = {
        .tag = rows.uuid(0, 3), .backend = rows.integer(0, 4), .began_at = rows.integer(0, 5)};
    return {};
  });
  return {};
}

Status GroupTransaction::run() {
  ApplyPart apply(round_);
  InsertPart insert(round_);
  RemovePart remove(round_);
  ClaimPart claim(round_);
  LeasePart lease(round_);
  for (WriteCall* call : group_) {
    call->clear_answers();
    if (call->insert != nullptr) {
      insert.add(*call);
    } else if (call->claim != nullptr) {
      claim.add(*call);
    } else if (!call->changes.empty()) {
      apply.add(*call);
    } else if (!call->removals.empty()) {
      remove.add(*call);
    } else {
      lease.add(*call);
    }
  }
  Part* const parts[] = {&apply, &insert, &remove, &claim, &lease};
  Batch batch;
  if (Status begun = begin(batch); !begun) return begun;
  for (Part* part : parts) part->lock(batch);
  if (round_.mode == Mode::exclusive) add_commit_lock(batch);
  for (Part* part : parts) {
    if (Status looked = look(*part, batch); !looked) return looked;
    part->write(batch);
  }
  if (Status written = batch.run(connection_); !written) return written;
  if (round_.needs_exclusive) return fail(Code::aborted, "the transaction has to be exclusive");
  Batch explained;
  for (Part* part : parts) part->explain(explained);
  if (Status asked = explained.run(connection_); !asked) return asked;
  return commit(parts);
}

bool GroupTransaction::can_run_at_once(std::span<WriteCall* const> group) {
  std::int64_t tasks = 0;
  for (const WriteCall* call : group) {
    if (!InsertPart::is_plain(*call)) return false;
    tasks += static_cast<std::int64_t>(call->insert->requests().size());
  }
  return tasks <= CommitRecord::kChangesMax;
}

Status GroupTransaction::run_at_once(const Uuid& tag) {
  InsertPart insert(round_);
  for (WriteCall* call : group_) {
    call->clear_answers();
    insert.add(*call);
  }
  identity_ = {.tag = tag};
  Params params = insert.write_plain();
  round_.record.add_to(params, tag);
  const SteadyTime asked = round_.time.steady_now();
  const std::int64_t changes = round_.record.first_changes();
  Batch batch;
  batch.add(Sql::begin_write);
  batch.add(Sql::insert_group, std::move(params),
            [this, asked, changes](const Rows& rows) -> Status {
              round_.time.learn(from_micros(rows.integer(0, 0)), asked);
              last_sequence_ = last_of_row(rows.integer(0, 1), changes);
              return {};
            });
  batch.add(Sql::commit);
  commit_was_sent_ = true;
  return batch.run(connection_);
}

/// Each part sees what those before it wrote: calls of a group follow one another, as they would
/// in transactions of their own.
Status GroupTransaction::look(Part& part, Batch& batch) {
  if (round_.mode == Mode::shared) return {};
  const std::size_t before = batch.size();
  part.look(batch);
  if (batch.size() == before) return {};
  Status looked = batch.run(connection_);
  batch = Batch();
  return looked;
}

Status GroupTransaction::commit(std::span<Part* const> parts) {
  Batch last;
  for (Part* part : parts) {
    if (Status concluded = part->conclude(last); !concluded) return concluded;
  }
  const bool shared = round_.mode == Mode::shared;
  if (shared && has_record()) add_commit_lock(last);
  if (shared && !round_.succeeded.empty()) {
    last.add(Sql::refuse_waiters, std::move(Params().uuids(round_.succeeded)));
  }
  round_.record.write(last, identity_.tag, [this](const Rows& rows) -> Status {
    last_sequence_ = last_of_row(rows.integer(0, 0), rows.integer(0, 1));
    return {};
  });
  last.add(Sql::commit);
  commit_was_sent_ = true;
  const Status committed = last.run(connection_);
  if (!committed && connection_.last_sqlstate() == "22012") {
    round_.needs_exclusive = true;
    round_.hints.tasks_wait = true;
  }
  return committed;
}

}  // namespace waybill::postgres
