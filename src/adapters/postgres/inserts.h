#pragma once

#include <deque>
#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "adapters/postgres/part.h"

namespace waybill::postgres {

/// Ledger::insert for all calls of a round. In shared mode all of them have neither keys nor
/// dependencies.
class InsertPart final : public Part {
 public:
  explicit InsertPart(Round& round) : round_(round) {}
  void add(WriteCall& call) { calls_.push_back(&call); }

  void look(Batch& batch) override;
  void write(Batch& batch) override;
  Status conclude(Batch& batch) override;
  /// In place of the functions above, for calls that have nothing but new tasks without keys and
  /// dependencies: answers them as if all are inserted, and gives what insert_group begins with.
  Params write_plain();
  static bool is_plain(const WriteCall& call);

 private:
  struct Pending {
    WriteCall* call = nullptr;
    std::size_t place = 0;
    PreparedInsert::Item
        waiting{};  ///< of one that waits for others, else the prepared item counts
    bool waits = false;
    bool inserted = false;

    const TaskRequest& request() const { return call->insert->requests()[place]; }
    const PreparedInsert::Item& item() const { return waits ? waiting : call->insert->item(place); }
  };

  /// Decides which requests of a call are new. An error is the answer to the whole call.
  Status decide(WriteCall& call);
  /// The task that keeps it out; nil: none.
  Uuid kept_out_by(const TaskRequest& request) const;
  Status count_waits(Pending& pending, const std::unordered_set<Uuid>& of_call);
  void insert_tasks(Batch& batch);
  void write_beside(Batch& batch);
  void insert_keys_and_waits(Batch& batch);
  Status take_inserted(const Rows& rows);
  /// Answers the calls, and tells of what was inserted.
  void tell();

  Round& round_;
  std::vector<WriteCall*> calls_;
  std::deque<Pending> fresh_;                 // those that are to be inserted
  std::vector<std::pair<Uuid, Uuid>> waits_;  // what is waited for, and who waits

  // What was found, and what the round has added:
  std::unordered_set<Uuid> known_ids_;
  std::unordered_map<std::string, Uuid> key_holders_;
  std::unordered_map<Uuid, State> states_;
};

}  // namespace waybill::postgres
