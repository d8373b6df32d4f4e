#include "kinds/archive/zim/contents.h"

#include <charconv>

#include "base/relative_path.h"
#include "base/utf8.h"

namespace waybill {
namespace {

constexpr std::string_view kPathLine = "path: ";
constexpr std::string_view kSizeLine = "* item size:";

std::int64_t size_said(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
  std::int64_t size = 0;
  std::from_chars(text.data(), text.data() + text.size(), size);
  return size;
}

}  // namespace

Status ZimContents::take(std::string_view line) {
  if (line.starts_with(kPathLine)) {
    const std::string_view path = line.substr(kPathLine.size());
    if (!stays_below(path)) {
      return fail(Code::failed_precondition, "it holds the path \"" +
                                                 escape_utf8(path.substr(0, 200)) +
                                                 "\", which leads out of where it is unpacked");
    }
    paths_.emplace_back(path);
    after_path_ = true;
    return {};
  }
  if (line.starts_with("* ")) {
    after_path_ = false;
    if (!line.starts_with(kSizeLine)) return {};
    const std::int64_t size = size_said(line.substr(kSizeLine.size()));
    if (size < 0 || size > INT64_MAX / 2 - size_bytes_) {
      return fail(Code::failed_precondition, "it says sizes that cannot be");
    }
    size_bytes_ += size;
    return {};
  }
  // A title may go on in another line; a path that does could hide another one.
  if (!after_path_ || line.empty()) return {};
  return fail(Code::failed_precondition, "it holds a path with a line break");
}

}  // namespace waybill
