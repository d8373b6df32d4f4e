// Server-sent events come in pieces of any size, and are the same ones.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "rpc/event_reader.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace waybill::rpc;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  EventReader whole;
  const std::vector<ServerEvent> events = whole.read(text);
  EventReader by_pieces;
  std::vector<ServerEvent> pieces;
  std::size_t length = 1;
  for (std::size_t at = 0; at < size; at += length, length = length % 7 + 1) {
    for (ServerEvent& event : by_pieces.read(text.substr(at, length))) {
      pieces.push_back(std::move(event));
    }
  }
  if (pieces.size() != events.size()) std::abort();
  for (std::size_t i = 0; i < events.size(); ++i) {
    const bool same = events[i].id == pieces[i].id && events[i].name == pieces[i].name &&
                      events[i].data == pieces[i].data;
    if (!same) std::abort();
  }
  return 0;
}
