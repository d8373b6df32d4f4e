#pragma once

#include <span>
#include <vector>

#include "base/result.h"
#include "base/uuid.h"
#include "ports/ledger_reader.h"

namespace waybill {

/// Which of many tasks are in the ledger, in one call: what a LedgerReader may offer besides.
/// Thread-safe; never waits for writers.
class KnownTasks {
 public:
  virtual ~KnownTasks() = default;

  /// An answer for each, in their order.
  virtual Result<std::vector<bool>> known(std::span<const Uuid> ids) = 0;
};

/// The same of any reader: asks one by one where it offers no better. A task whose row is damaged
/// is there.
inline Result<std::vector<bool>> known_tasks(LedgerReader& reader, std::span<const Uuid> ids) {
  if (auto* const at_once = dynamic_cast<KnownTasks*>(&reader)) return at_once->known(ids);
  std::vector<bool> known;
  for (const Uuid& id : ids) {
    const auto task = reader.get(id);
    const bool is_there = task || task.error().code == Code::data_loss;
    if (!is_there && task.error().code != Code::not_found) return fail(task.error());
    known.push_back(is_there);
  }
  return known;
}

}  // namespace waybill
