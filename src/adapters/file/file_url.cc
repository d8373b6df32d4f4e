#include "adapters/file/file_url.h"

#include <charconv>

namespace waybill {
namespace {

constexpr std::string_view kScheme = "file://";

tl::unexpected<Error> refuse(std::string_view url, std::string_view why) {
  return fail(Code::invalid_argument, "'" + std::string(url) + "' " + std::string(why) +
                                          "; the URL of a directory is written file:///srv/drop");
}

/// RFC 3986, 2.3, and the slash.
bool is_plain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("-._~/").find(c) != std::string_view::npos;
}

}  // namespace

Result<std::string> parse_file_url(std::string_view url) {
  if (!url.starts_with(kScheme)) return refuse(url, "does not begin with file://");
  std::string_view rest = url.substr(kScheme.size());
  if (rest.starts_with("localhost/")) rest.remove_prefix(std::string_view("localhost").size());
  if (!rest.starts_with('/')) return refuse(url, "names another host or a relative path");
  std::string path;
  while (!rest.empty()) {
    if (rest[0] != '%') {
      if (rest[0] == '\0') return refuse(url, "has a zero byte, which no path can hold");
      if (rest[0] == '?' || rest[0] == '#') return refuse(url, "has a query or a fragment");
      path += rest[0];
      rest.remove_prefix(1);
      continue;
    }
    unsigned value = 0;
    const auto [end, error] = std::from_chars(
        rest.data() + 1, rest.data() + std::min<std::size_t>(3, rest.size()), value, 16);
    if (error != std::errc{} || end != rest.data() + 3 || value == 0) {
      return refuse(url, "has a percent sign that is not followed by two hexadecimal digits");
    }
    path += static_cast<char>(value);
    rest.remove_prefix(3);
  }
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  return path;
}

std::string to_file_url(std::string_view directory) {
  static constexpr char kHex[] = "0123456789ABCDEF";
  std::string url(kScheme);
  for (const char c : directory) {
    if (is_plain(c)) {
      url += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      url += '%';
      url += kHex[byte >> 4];
      url += kHex[byte & 15];
    }
  }
  return url;
}

}  // namespace waybill
