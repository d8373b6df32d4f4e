#pragma once

#include <cstdint>

#include "adapters/postgres/connection.h"

namespace waybill::postgres {

/// Locks of a whole store, for what no constraint can say about its rows together. Stored by number
/// in what servers share: never reorder.
enum class StoreLock : std::uint8_t {
  secrets = 1,
  webhooks = 2,
  artifacts = 3,
  runs = 4,
  run_turns = 5,
  collections = 16,
  chronicle = 17
};
enum class LockMode : std::uint8_t { alone, shared };

/// Takes one until the transaction ends; whoever reads does without. What is looked at after it
/// stays as it is.
inline Status lock_store(Connection& connection, StoreLock lock, LockMode mode = LockMode::alone) {
  const Sql sql = mode == LockMode::alone ? Sql::lock_store : Sql::lock_store_shared;
  const auto locked = connection.run(sql, Params().integer(static_cast<std::int64_t>(lock)), {});
  if (!locked) return fail(locked.error());
  return {};
}

}  // namespace waybill::postgres
