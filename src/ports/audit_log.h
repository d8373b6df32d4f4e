#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace waybill {

/// What came of it. Stored by number: never reorder.
enum class AuditOutcome : std::uint8_t {
  done = 0,
  refused = 1,  ///< who asked may not do it
  failed = 2,   ///< it was allowed, and came to nothing
};
inline constexpr int kAuditOutcomeCount = 3;

/// That somebody changed something, or wanted to. Never with parameters or secrets.
struct AuditEntry {
  std::int64_t sequence = 0;  ///< the log's own; not set by who writes
  Time at{};
  std::string who;         ///< "token:ci", "cli:ann", "local"
  std::string from;        ///< the address that it came from; empty: the command line
  std::string operation;   ///< "cancelTask", "queue pause"
  std::string subject;     ///< id or name of what it was about, of many tasks the first id
  std::int64_t count = 1;  ///< how many things were changed
  AuditOutcome outcome = AuditOutcome::done;
  std::string reason{};  ///< why it was refused or failed; which secrets were read

  bool operator==(const AuditEntry&) const = default;
};

/// Which entries; what is empty or zero does not filter.
struct AuditFilter {
  std::string who;
  std::string operation;
  std::string subject;
  Time after{};   ///< at it or later
  Time before{};  ///< earlier than it
};

struct AuditQuery {
  AuditFilter filter;
  std::string cursor;  ///< `next_cursor` of the page before; empty: from the newest on
  std::size_t limit = 100;
};

struct AuditPage {
  std::vector<AuditEntry> entries;  ///< newest first
  std::string next_cursor;          ///< empty: there is no more
};

/// Who changed what, kept for long. Beside the ledger, by the same adapter. Thread-safe; durable
/// when a call returns. Errors as for Ledger.
class AuditLog {
 public:
  virtual ~AuditLog() = default;

  /// Adds them in this order, all or none.
  virtual Status put(std::span<const AuditEntry> entries) = 0;
  /// `invalid_argument`: a cursor that was not given here. Entries that are put between two pages
  /// are on neither.
  virtual Result<AuditPage> page(const AuditQuery& query) = 0;
  /// Removes the oldest of those before that time, at most `limit`; answers how many.
  virtual Result<std::size_t> remove(Time before, std::size_t limit) = 0;
};

}  // namespace waybill
