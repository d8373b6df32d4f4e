// Bytes that are a history are read as the same entries after they were written again.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "core/history.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace waybill;
  const auto entries = read_history({reinterpret_cast<const char*>(data), size});
  if (!entries) {
    WAYBILL_CHECK(entries.error().code == Code::data_loss, "damage that is called something else");
    return 0;
  }
  std::string bytes;
  for (const HistoryEntry& entry : *entries) append_history(bytes, entry);
  WAYBILL_CHECK(bytes.size() <= size, "entries that grew");
  const auto again = read_history(bytes);
  WAYBILL_CHECK(again && *again == *entries, "entries that changed when they were written");
  return 0;
}
