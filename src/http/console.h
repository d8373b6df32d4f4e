#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "http/message.h"

namespace waybill::http {

/// A file of the console as the build has packed it.
struct ConsoleFile {
  std::string_view path;   ///< below /console/: "index.html"
  std::string_view type;   ///< Content-Type
  std::string_view etag;   ///< of the plain bytes, without quotes
  bool is_hashed = false;  ///< its name says what is in it: it never changes
  std::string_view plain;
  std::string_view gzip;    ///< empty: no smaller
  std::string_view brotli;  ///< empty: no smaller
};

/// All of them; none where it was built with WAYBILL_CONSOLE=OFF. They live as long as the program.
std::span<const ConsoleFile> console_files();

/// The answer to a GET or HEAD of the console: / leads to /console/, and every path below that
/// which is no file gets its index, as the browser finds the page. None: the request is not for it.
std::optional<Response> console_answer(const Request& request,
                                       std::span<const ConsoleFile> files = console_files());

}  // namespace waybill::http
