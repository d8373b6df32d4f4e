#include "adapters/curl/request_target.h"

#include <algorithm>

#include "base/ascii.h"

namespace waybill {
namespace {

/// What can't end the request line, nor the target.
bool is_sent(char c) { return c > ' ' && c < 0x7f && c != '#'; }

}  // namespace

std::string_view request_target(std::string_view url, HttpProxy proxy) {
  constexpr std::string_view kMark = "://";
  const std::size_t mark = url.find(kMark);
  if (mark == std::string_view::npos) return {};
  // A proxy tunnels https.
  if (proxy == HttpProxy::possible && to_lower(url.substr(0, mark)) != "https") return {};
  const std::size_t end = url.find_first_of("/?#\\", mark + kMark.size());
  if (end == std::string_view::npos || url[end] != '/') return {};
  const std::string_view target = url.substr(end);
  return std::all_of(target.begin(), target.end(), is_sent) ? target : std::string_view();
}

}  // namespace waybill
