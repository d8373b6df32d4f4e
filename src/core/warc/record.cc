#include "core/warc/record.h"

#include <algorithm>

#include "base/ascii.h"

namespace waybill {
namespace {

void add_warc_field(std::string& text, std::string_view name, std::string_view value) {
  text.append(name).append(": ");
  for (const char c : value) text += c == '\r' || c == '\n' || c == '\0' ? ' ' : c;
  text += "\r\n";
}

}  // namespace

std::string warc_date(Time time) {
  return format_time(std::chrono::floor<std::chrono::seconds>(time));
}

std::string cdx_timestamp(Time time) {
  std::string digits = warc_date(time);
  std::erase_if(digits, [](char c) { return !is_digit(c); });
  return digits;
}

std::string warc_head_text(const WarcHead& head) {
  std::string text = "WARC/1.1\r\n";
  text.reserve(700);
  add_warc_field(text, "WARC-Type", head.type);
  add_warc_field(text, "WARC-Record-ID", "<urn:uuid:" + head.id + ">");
  add_warc_field(text, "WARC-Date", warc_date(head.date));
  for (const auto& [name, value] : head.fields) add_warc_field(text, name, value);
  add_warc_field(text, "Content-Type", head.content_type);
  add_warc_field(text, "Content-Length", std::to_string(head.content_length));
  text += "\r\n";
  return text;
}

}  // namespace waybill
