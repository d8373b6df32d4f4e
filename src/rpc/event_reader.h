#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace waybill::rpc {

/// One server-sent event, of those that the HTTP API writes.
struct ServerEvent {
  std::string id;  ///< empty: it has none
  std::string name;
  std::string data;
};

/// Reads server-sent events (WHATWG HTML, 9.2) as they come, in pieces of any size; comments and
/// fields other than id, event and data are passed over, and lines end in LF, as ours do.
class EventReader {
 public:
  /// Those that are whole now.
  std::vector<ServerEvent> read(std::string_view bytes);

 private:
  void take_line(std::string_view line, std::vector<ServerEvent>& events);

  std::string rest_;  // of a line that is not whole
  ServerEvent event_;
};

}  // namespace waybill::rpc
