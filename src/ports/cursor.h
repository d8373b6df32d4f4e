#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "ports/ledger_reader.h"

namespace waybill {

// The cursors that stores give, which come back from anybody. Each of the functions below refuses
// what none of them wrote with `invalid_argument` and takes the empty text for the beginning.

/// The refusal of a cursor. Repeats no more of it than a person can use.
Error not_a_cursor(std::string_view cursor);

/// The number of the last thing of the page before, which is positive; `beginning` if empty.
Result<std::int64_t> parse_number_cursor(std::string_view cursor, std::int64_t beginning);

/// Where a page of tasks ends and the next begins.
struct TaskPlace {
  std::int64_t finished_at = 0;  ///< microseconds; in PageOrder::first_finished alone
  std::int64_t handle = 0;

  auto operator<=>(const TaskPlace&) const = default;
};

/// The handle of the page's last task; before it, where the order is that of the finish, when that
/// was, and a dot.
std::string to_cursor(PageOrder order, const TaskPlace& last);
Result<TaskPlace> parse_task_cursor(PageOrder order, std::string_view cursor);

/// Where reading a log goes on, as text `ATTEMPT:AT`.
struct LogPlace {
  std::uint32_t attempt = 0;
  std::int64_t at = 0;  ///< a byte or a chunk of the attempt, as the store counts; not negative

  auto operator<=>(const LogPlace&) const = default;
};

std::string to_cursor(const LogPlace& place);
Result<LogPlace> parse_log_cursor(std::string_view cursor);

}  // namespace waybill
