// The cursors of the stores' lists, the first byte says of which: what is taken for one is a place
// that a store may go on from, and the place's own cursor leads to it again.
#include "ports/cursor.h"

#include <cstddef>
#include <cstdint>

#include "base/check.h"

namespace {

using namespace waybill;

constexpr std::int64_t kBeginning = -1;

void check_refusal(const Error& error) {
  WAYBILL_CHECK(error.code == Code::invalid_argument, "bad input is told as such");
  WAYBILL_CHECK(!error.message.empty() && error.message.size() < 300,
                "a refusal says why, shortly");
}

void check_number(std::string_view cursor) {
  const auto number = parse_number_cursor(cursor, kBeginning);
  if (!number) return check_refusal(number.error());
  WAYBILL_CHECK((*number == kBeginning) == cursor.empty(), "empty is the beginning");
  WAYBILL_CHECK(cursor.empty() || *number > 0, "numbers count from 1");
  WAYBILL_CHECK(cursor.empty() || parse_number_cursor(std::to_string(*number), 0) == *number,
                "a number's cursor leads to it");
}

void check_tasks(PageOrder order, std::string_view cursor) {
  const auto place = parse_task_cursor(order, cursor);
  if (!place) return check_refusal(place.error());
  WAYBILL_CHECK(cursor.empty() || place->handle > 0, "handles count from 1");
  WAYBILL_CHECK(order == PageOrder::first_finished || place->finished_at == 0,
                "when it finished is of one order only");
  if (place->handle > 0) {
    WAYBILL_CHECK(parse_task_cursor(order, to_cursor(order, *place)) == *place,
                  "a place's cursor leads to it");
  }
}

void check_log(std::string_view cursor) {
  const auto place = parse_log_cursor(cursor);
  if (!place) return check_refusal(place.error());
  WAYBILL_CHECK(place->at >= 0, "a log has nothing before its beginning");
  WAYBILL_CHECK(parse_log_cursor(to_cursor(*place)) == *place, "a place's cursor leads to it");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  if (input.empty()) return 0;
  const std::string_view cursor = input.substr(1);
  switch (input.front()) {
    case 'n':
      check_number(cursor);
      break;
    case 't':
      check_tasks(PageOrder::newest_first, cursor);
      break;
    case 'o':
      check_tasks(PageOrder::oldest_first, cursor);
      break;
    case 'f':
      check_tasks(PageOrder::first_finished, cursor);
      break;
    case 'l':
      check_log(cursor);
      break;
    default:
      break;
  }
  return 0;
}
