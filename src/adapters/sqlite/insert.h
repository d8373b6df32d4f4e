#pragma once

#include <span>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include "adapters/sqlite/transaction.h"
#include "ports/ledger.h"

namespace waybill::sqlite {

/// A call to insert, prepared by its own thread as far as that is possible without the file.
class Insertion {
 public:
  /// The requests have passed check_request and outlive the insertion.
  Insertion(std::span<const TaskRequest> requests, Time now);

  /// Inserts what is new; one answer each. May be run again after a roll-back.
  Status run(Transaction& transaction, std::vector<Inserted>& answers);

 private:
  /// What is stored for one request.
  struct Item {
    Acceptance acceptance;
    std::string detail;
    std::string entry;
    std::string rest;
    std::int64_t lane = 0;
    std::int64_t handle = 0;  // 0: a duplicate
  };
  /// What other requests of the call have taken before.
  struct Taken {
    std::unordered_set<Uuid> ids;
    std::unordered_set<std::string> keys;
  };

  void prepare(Item& item, const TaskRequest& request, std::uint32_t waiting_for);
  Result<bool> must_look(Transaction& transaction) const;
  /// Marks the duplicates, and counts what each of the others waits for.
  Status look(Transaction& transaction);
  Result<bool> is_kept_out(Database& database, const TaskRequest& request, Taken& taken) const;
  Status count_waits(Database& database, std::size_t index, const Taken& taken);
  Status check_room(const LaneTable& lanes) const;
  Status find_lanes(Transaction& transaction);
  Status insert_tasks(Transaction& transaction);
  Status find_duplicates(Transaction& transaction, std::int64_t last);
  Status insert_requests(Transaction& transaction);
  Status insert_waits(Transaction& transaction);
  Status answer(Transaction& transaction, std::vector<Inserted>& answers) const;

  const std::span<const TaskRequest> requests_;
  const Time now_;
  std::vector<Item> items_;
  std::vector<std::pair<std::size_t, Uuid>> waits_;  // request, and what it waits for
  std::int64_t first_handle_ = 0;
};

}  // namespace waybill::sqlite
