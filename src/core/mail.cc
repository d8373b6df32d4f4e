#include "core/mail.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>

#include "base/base64.h"
#include "base/utf8.h"
#include "core/ip_network.h"

namespace waybill {
namespace {

constexpr std::size_t kAddressBytesMax = 254;
constexpr std::size_t kLocalBytesMax = 64;
constexpr std::size_t kSubjectBytesMax = 200;
/// Of the text in one encoded word, so that the word has at most 75 characters (RFC 2047, 2).
constexpr std::size_t kWordBytesMax = 42;
constexpr std::size_t kBase64Line = 76;
/// A line without its end (RFC 5322, 2.1.1), well within what every server takes.
constexpr std::size_t kPlainLineMax = 900;
constexpr std::string_view kLineEnd = "\r\n";

bool is_letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool is_local_part(std::string_view text) {
  constexpr std::string_view kMarks = "!#$%&'*+-/=?^_`{|}~.";
  const bool fits = std::ranges::all_of(
      text, [&](char c) { return is_letter_or_digit(c) || kMarks.find(c) != kMarks.npos; });
  return fits && !text.empty() && text.size() <= kLocalBytesMax && text.front() != '.' &&
         text.back() != '.' && text.find("..") == text.npos;
}

bool is_domain(std::string_view text) {
  const bool fits = std::ranges::all_of(
      text, [](char c) { return is_letter_or_digit(c) || c == '-' || c == '.'; });
  return fits && !text.empty() && text.front() != '.' && text.back() != '.' &&
         text.front() != '-' && text.find("..") == text.npos;
}

bool is_plain_ascii(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c >= ' ' && c < 0x7f; });
}

/// One line, whatever it held.
std::string one_line(std::string_view text) {
  std::string line = mend_utf8(text);
  for (char& c : line) {
    const bool is_control = (static_cast<unsigned char>(c) < ' ') || c == 0x7f;
    if (is_control) c = ' ';
  }
  if (line.size() <= kSubjectBytesMax) return line;
  return std::string(utf8_prefix(line, kSubjectBytesMax)) + "…";
}

/// As encoded words, one a line.
std::string encoded_words(std::string_view text) {
  std::string words;
  while (!text.empty()) {
    const std::string_view part = utf8_prefix(text, kWordBytesMax);
    if (!words.empty()) words.append(kLineEnd).append(" ");
    words += "=?UTF-8?B?" + to_base64(part) + "?=";
    text.remove_prefix(part.size());
  }
  return words;
}

std::string header_text(std::string_view text) {
  const std::string line = one_line(text);
  // What looks like an encoded word would be read as one.
  const bool as_it_is = is_plain_ascii(line) && line.find("=?") == line.npos;
  return as_it_is ? line : encoded_words(line);
}

/// Sun, 22 Nov 2026 12:00:00 +0000 (RFC 5322, 3.3).
std::string mail_date(Time at) {
  using namespace std::chrono;
  static constexpr std::array kDays = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr std::array kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto day = floor<days>(at);
  const year_month_day date(day);
  const hh_mm_ss time(floor<seconds>(at - day));
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%s, %02u %s %04d %02d:%02d:%02d +0000",
                kDays.at(weekday(day).c_encoding()), static_cast<unsigned>(date.day()),
                kMonths.at(static_cast<unsigned>(date.month()) - 1), static_cast<int>(date.year()),
                static_cast<int>(time.hours().count()), static_cast<int>(time.minutes().count()),
                static_cast<int>(time.seconds().count()));
  return text.data();
}

/// Lines ended by CR LF, without other control characters but tabs.
std::string lines_of_mail(std::string_view text) {
  std::string lines;
  for (const char c : mend_utf8(text)) {
    if (c == '\n') {
      lines.append(kLineEnd);
    } else if (c == '\t' || (static_cast<unsigned char>(c) >= ' ' && c != 0x7f)) {
      lines += c;
    }
  }
  if (!lines.ends_with(kLineEnd)) lines.append(kLineEnd);
  return lines;
}

/// Whether it goes through every server unchanged.
bool is_plain_text(std::string_view lines) {
  std::size_t length = 0;
  for (const char c : lines) {
    if (static_cast<unsigned char>(c) >= 0x80) return false;
    length = c == '\n' ? 0 : length + 1;
    if (length > kPlainLineMax) return false;
  }
  return true;
}

std::string base64_lines(std::string_view text) {
  const std::string all = to_base64(text);
  std::string lines;
  for (std::size_t at = 0; at < all.size(); at += kBase64Line) {
    lines.append(all, at, kBase64Line).append(kLineEnd);
  }
  return lines;
}

}  // namespace

Status check_mail_address(std::string_view address) {
  const std::size_t at = address.rfind('@');
  const bool fits = at != address.npos && address.size() <= kAddressBytesMax &&
                    is_local_part(address.substr(0, at)) && is_domain(address.substr(at + 1));
  if (fits) return {};
  return fail(Code::invalid_argument,
              "\"" + one_line(address) +
                  "\" is no mail address: it has to be name@host, without a name beside it, in "
                  "ASCII");
}

Status check_mail_url(std::string_view url) {
  const auto refuse = [](const std::string& why) {
    return fail(
        Code::invalid_argument,
        "has to be a URL like smtp://mail.example.org:587 or smtps://mail.example.org:465" + why);
  };
  const std::size_t scheme = url.find("://");
  const bool known =
      scheme != url.npos && (url.substr(0, scheme) == "smtp" || url.substr(0, scheme) == "smtps");
  if (!known) return refuse("");
  const std::string_view authority = url.substr(scheme + 3);
  if (authority.find('@') != authority.npos) {
    return refuse(", without a user or password: mail_username says who logs in");
  }
  const bool bracketed = authority.starts_with('[');
  const std::size_t host_end = bracketed ? authority.find(']') : authority.find(':');
  std::string_view host = authority.substr(0, host_end);
  if (bracketed) host.remove_prefix(1);
  const bool plain = bracketed ? parse_ip_address(host).has_value() : is_domain(host);
  if (!plain) return refuse(", with a host and no path");
  std::string_view port;
  if (host_end != authority.npos) port = authority.substr(host_end + (bracketed ? 1 : 0));
  if (port.empty()) return {};
  int number = 0;
  const auto [stop, error] = std::from_chars(port.data() + 1, port.data() + port.size(), number);
  const bool is_port = port.front() == ':' && error == std::errc() &&
                       stop == port.data() + port.size() && number >= 1 && number <= 65535;
  return is_port ? Status() : refuse(", with a port from 1 to 65535");
}

std::string compose_mail(const MailParts& parts) {
  std::string mail;
  const auto header = [&](std::string_view name, std::string_view value) {
    mail.append(name).append(": ").append(value).append(kLineEnd);
  };
  std::string to;
  for (const std::string& address : parts.to) to += (to.empty() ? "" : ",\r\n ") + address;
  header("From", "Waybill <" + parts.from + ">");
  header("To", to);
  header("Subject", header_text(parts.subject));
  header("Date", mail_date(parts.at));
  header("Message-ID", "<" + parts.id + "@" + parts.from.substr(parts.from.rfind('@') + 1) + ">");
  header("Auto-Submitted", "auto-generated");
  header("MIME-Version", "1.0");
  header("Content-Type", "text/plain; charset=utf-8");
  const std::string lines = lines_of_mail(parts.text);
  const bool plain = is_plain_text(lines);
  header("Content-Transfer-Encoding", plain ? "7bit" : "base64");
  return mail.append(kLineEnd).append(plain ? lines : base64_lines(lines));
}

}  // namespace waybill
