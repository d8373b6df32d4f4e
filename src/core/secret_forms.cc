#include "core/secret_forms.h"

#include <algorithm>
#include <cctype>

#include "base/json.h"
#include "base/percent.h"
#include "base/utf8.h"

namespace waybill {
namespace {

constexpr std::string_view kSmallDigits = "0123456789abcdef";

void add_form(std::vector<std::string>& forms, std::string form) {
  if (std::ranges::find(forms, form) == forms.end()) forms.push_back(std::move(form));
}

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  for (std::size_t at = text.find(from); at != text.npos; at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
  return text;
}

std::string with_small_digits(std::string text) {
  for (std::size_t at = text.find('%'); at != text.npos; at = text.find('%', at + 3)) {
    for (std::size_t digit = at + 1; digit < at + 3; ++digit) {
      text[digit] = static_cast<char>(std::tolower(static_cast<unsigned char>(text[digit])));
    }
  }
  return text;
}

void add_escape(std::string& out, unsigned unit) {
  out += "\\u";
  for (int shift = 12; shift >= 0; shift -= 4) out += kSmallDigits[(unit >> shift) & 15];
}

/// UTF-8 within a JSON string as escapes of UTF-16.
std::string with_ascii_only(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const auto lead = static_cast<unsigned char>(text[at]);
    if (lead < 0x80) {
      out += text[at++];
      continue;
    }
    const std::size_t size = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
    unsigned point = lead & (0xffu >> (size + 1));
    for (std::size_t i = 1; i < size; ++i) {
      point = point << 6 | (static_cast<unsigned char>(text[at + i]) & 0x3fu);
    }
    at += size;
    if (point < 0x10000) {
      add_escape(out, point);
      continue;
    }
    add_escape(out, 0xd800 + ((point - 0x10000) >> 10));
    add_escape(out, 0xdc00 + ((point - 0x10000) & 0x3ff));
  }
  return out;
}

}  // namespace

std::vector<std::string> percent_forms(std::string_view value) {
  std::vector<std::string> forms;
  for (const std::string_view keep : {"", "/", "!'()*", ";,/?:@&=+$!'()*#", "*"}) {
    std::string form = to_percent(value, keep);
    // Forms encode what all others leave.
    if (keep == "*") form = replaced(std::move(form), "~", "%7E");
    add_form(forms, form);
    add_form(forms, with_small_digits(form));
    form = replaced(std::move(form), "%20", "+");
    add_form(forms, form);
    add_form(forms, with_small_digits(form));
  }
  return forms;
}

std::vector<std::string> json_forms(std::string_view value) {
  std::string quoted;
  json::append_quoted(quoted, value);
  const std::string plain = quoted.substr(1, quoted.size() - 2);
  std::vector<std::string> forms = {plain};
  if (!is_utf8(value)) return forms;
  const std::string ascii = with_ascii_only(plain);
  for (const std::string& form :
       {ascii, replaced(plain, "/", "\\/"), replaced(ascii, "/", "\\/")}) {
    add_form(forms, form);
  }
  return forms;
}

}  // namespace waybill
