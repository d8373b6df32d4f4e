#include "kinds/command/listening_context.h"

#include <algorithm>

#include "base/utf8.h"

namespace waybill {
namespace {

constexpr std::size_t kTailBytesMax = 4 << 10;
constexpr std::size_t kComplaintBytesMax = 600;

}  // namespace

void LastLine::add(std::string_view bytes) {
  tail_ += bytes;
  if (tail_.size() > kTailBytesMax) tail_.erase(0, tail_.size() - kTailBytesMax);
}

std::string LastLine::text() const {
  std::string_view text(tail_);
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.remove_suffix(1);
  const std::size_t line = text.rfind('\n');
  if (line != text.npos) text.remove_prefix(line + 1);
  return escape_utf8(std::string(text.substr(0, kComplaintBytesMax)));
}

void ToolContext::log(LogStream stream, std::string_view bytes) {
  if (stream == LogStream::out) out_ += bytes;
  if (stream == LogStream::err) errors_.add(bytes);
}

Result<std::string> ToolContext::secret(std::string_view) {
  return fail(Code::unimplemented, "a tool is given no secrets");
}

Status ToolContext::keep(std::span<const ArtifactFile>) {
  return fail(Code::unimplemented, "a tool leaves no artifacts");
}

Result<std::string> ToolContext::fetch(const std::string&, const std::string&) {
  return fail(Code::unimplemented, "a tool is given no artifacts");
}

void ListeningContext::log(LogStream stream, std::string_view bytes) {
  if (stream == LogStream::err) errors_.add(bytes);
  context_.log(stream, bytes);
}

}  // namespace waybill
