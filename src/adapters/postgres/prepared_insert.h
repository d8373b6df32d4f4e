#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/task.h"
#include "core/transition.h"

namespace waybill::postgres {

/// A call to insert, encoded by its own thread. The requests have passed check_requests and outlive
/// it.
class PreparedInsert {
 public:
  struct Item {
    Acceptance acceptance;
    std::string detail;
    std::string entry;
    std::string rest;
  };

  PreparedInsert(std::span<const TaskRequest> requests, std::vector<std::int64_t> lanes, Time now);

  std::span<const TaskRequest> requests() const { return requests_; }
  std::int64_t lane(std::size_t index) const { return lanes_[index]; }
  const Item& item(std::size_t index) const { return items_[index]; }
  Time now() const { return now_; }
  /// What of the requests may be long.
  std::size_t bytes() const { return bytes_; }
  /// Whether a key or a dependency has to be looked up.
  bool must_look() const;
  /// What is stored for a request that waits for so many others.
  static Item accepted(const TaskRequest& request, std::uint32_t waiting_for, Time now);

 private:
  const std::span<const TaskRequest> requests_;
  const std::vector<std::int64_t> lanes_;
  const Time now_;
  std::vector<Item> items_;
  std::size_t bytes_ = 0;
};

}  // namespace waybill::postgres
