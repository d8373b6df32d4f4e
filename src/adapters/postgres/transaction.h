#pragma once

#include <optional>
#include <span>
#include <string>

#include "adapters/postgres/part.h"

namespace waybill::postgres {

/// By what a transaction can be found again when the answer to its commit was lost.
struct CommitIdentity {
  Uuid tag;
  std::int64_t backend = 0;   ///< process id of the server's
  std::int64_t began_at = 0;  ///< by the server's clock, microseconds
};

/// One transaction for a group of calls.
///
/// Shared: `begin`, what is written, and what others have changed is found out in one round trip;
/// what follows from that, the lock, the record of the commit and `commit` go in another.
/// At once: what has nothing but new tasks to write knows all of that before, and takes one.
/// Exclusive: the lock and what must be known before a part writes take one more for each kind of
/// call that looks first.
class GroupTransaction {
 public:
  GroupTransaction(Connection& connection, const Round& round, std::span<WriteCall* const> group);

  /// Commits, and fills in the answers. An error: nothing has taken effect, or `commit_was_sent`
  /// and the connection is lost.
  Status run();
  /// The same in one round trip, for a group that can have it; `tag` is like no other. 23505: an id
  /// is there already, and nothing has taken effect.
  Status run_at_once(const Uuid& tag);
  static bool can_run_at_once(std::span<WriteCall* const> group);
  bool needs_exclusive() const { return round_.needs_exclusive; }
  bool is_refused() const { return round_.is_refused; }
  bool commit_was_sent() const { return commit_was_sent_; }
  /// Whether it has told of changes, by which its commit can be found.
  bool has_record() const { return !round_.record.empty(); }
  const CommitIdentity& identity() const { return identity_; }
  /// The sequence of the last change that it has told of; 0: it is not known.
  std::uint64_t last_sequence() const { return last_sequence_; }

 private:
  Status begin(Batch& batch);
  Status look(Part& part, Batch& batch);
  Status commit(std::span<Part* const> parts);

  Connection& connection_;
  Round round_;
  const std::span<WriteCall* const> group_;
  CommitIdentity identity_;
  std::uint64_t last_sequence_ = 0;
  bool commit_was_sent_ = false;
};

}  // namespace waybill::postgres
