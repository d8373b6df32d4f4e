#include "rpc/event_reader.h"

#include <utility>

namespace waybill::rpc {

std::vector<ServerEvent> EventReader::read(std::string_view bytes) {
  std::vector<ServerEvent> events;
  rest_.append(bytes);
  std::size_t begin = 0;
  for (;;) {
    const std::size_t end = rest_.find('\n', begin);
    if (end == rest_.npos) break;
    take_line(std::string_view(rest_).substr(begin, end - begin), events);
    begin = end + 1;
  }
  rest_.erase(0, begin);
  return events;
}

void EventReader::take_line(std::string_view line, std::vector<ServerEvent>& events) {
  if (line.empty()) {
    if (!event_.data.empty()) events.push_back(std::move(event_));
    event_ = {};
    return;
  }
  const std::size_t colon = line.find(':');
  const std::string_view name = line.substr(0, colon);
  std::string_view value = colon == line.npos ? "" : line.substr(colon + 1);
  if (value.starts_with(' ')) value.remove_prefix(1);
  if (name == "id") event_.id = value;
  if (name == "event") event_.name = value;
  if (name == "data") event_.data = value;
}

}  // namespace waybill::rpc
