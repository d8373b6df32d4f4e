#include "kinds/archive/warc/http_block.h"

#include <algorithm>
#include <cctype>

#include "base/ascii.h"

namespace waybill {
namespace {

constexpr std::size_t kHttpHeadBytesMax = std::size_t{256} << 10;
/// So much of a payload shows whether it has chunks.
constexpr std::size_t kChunkLineBytes = 20;

/// Where the head ends, behind its empty line; npos: not yet.
std::size_t end_of_head(std::string_view text) {
  const auto crlf = text.find("\r\n\r\n");
  const auto lf = text.find("\n\n");
  if (crlf == text.npos && lf == text.npos) return text.npos;
  return crlf < lf ? crlf + 4 : lf + 2;
}

/// Writers that undid the chunks may have kept the field that says that there are some.
bool looks_like_chunk(std::string_view text) {
  std::size_t digits = 0;
  while (digits < text.size() && std::isxdigit(static_cast<unsigned char>(text[digits])) != 0) {
    ++digits;
  }
  if (digits == 0 || digits > 16) return false;
  const char next = digits < text.size() ? text[digits] : '\0';
  return next == '\r' || next == '\n' || next == ';' || next == ' ';
}

std::string_view value_of(std::string_view line) {
  line.remove_prefix(std::min(line.find(':') + 1, line.size()));
  line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
  return line.substr(0, line.find_last_not_of(" \t\r") + 1);
}

}  // namespace

bool HttpBlock::begin_payload() {
  if (!head_.starts_with("HTTP/")) return false;
  const auto space = head_.find(' ');
  for (auto at = space + 1; space != head_.npos && at < space + 4 && at < head_.size(); ++at) {
    if (!is_digit(head_[at])) return false;
    status_ = status_ * 10 + (head_[at] - '0');
  }
  if (status_ < 100) return false;
  std::string kept;
  for (std::string_view rest = head_; !rest.empty();) {
    const auto end = std::min(rest.find('\n') + 1, rest.size());
    const std::string_view whole = rest.substr(0, end == 0 ? rest.size() : end);
    rest.remove_prefix(whole.size());
    const std::string_view line = whole.substr(0, whole.find_last_not_of("\r\n") + 1);
    const std::string name = to_lower(line.substr(0, line.find(':')));
    if (name == "content-type") media_type_ = value_of(line);
    if (name == "transfer-encoding") {
      says_chunks_ = says_chunks_ || to_lower(value_of(line)).find("chunked") != std::string::npos;
    } else {
      kept += whole;
    }
  }
  head_ = std::move(kept);
  return true;
}

void HttpBlock::give(std::string_view bytes, const Sink& sink) {
  if (!says_chunks_) {
    sink(bytes);
    return;
  }
  if (!has_chunks_) {
    begun_ += bytes;
    if (begun_.size() < kChunkLineBytes) return;
    has_chunks_ = looks_like_chunk(begun_);
    const std::string begun = std::move(begun_);
    begun_.clear();
    give(begun, sink);
    return;
  }
  if (*has_chunks_) {
    chunks_.add(bytes, sink);
  } else {
    sink(bytes);
  }
}

bool HttpBlock::add(std::string_view bytes, const Sink& sink) {
  if (has_head_) {
    give(bytes, sink);
    return true;
  }
  head_ += bytes;
  const auto end = end_of_head(head_);
  if (end == head_.npos) return head_.size() <= kHttpHeadBytesMax;
  const std::string rest = head_.substr(end);
  head_.resize(end);
  has_head_ = true;
  if (!begin_payload()) return false;
  if (!rest.empty()) give(rest, sink);
  return true;
}

bool HttpBlock::finish(const Sink& sink) {
  if (!has_head_) {
    // Some writers leave out the empty line where nothing follows.
    if (head_.empty()) return false;
    head_ += head_.ends_with("\r\n") ? "\r\n" : "\r\n\r\n";
    has_head_ = true;
    return begin_payload();
  }
  if (!begun_.empty()) {
    has_chunks_ = looks_like_chunk(begun_);
    const std::string begun = std::move(begun_);
    begun_.clear();
    give(begun, sink);
  }
  return true;
}

}  // namespace waybill
