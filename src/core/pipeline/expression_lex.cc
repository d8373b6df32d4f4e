#include "core/pipeline/expression_lex.h"

#include <charconv>
#include <cmath>
#include <limits>
#include <utility>

#include "base/ascii.h"
#include "base/utf8.h"

namespace waybill::pipeline {
namespace {

bool begins_name(char c) { return is_letter(c) || c == '_'; }
bool continues_name(char c) { return begins_name(c) || is_digit(c) || c == '-'; }
bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

/// What a number may be written with, so that `12ab` is one wrong number and not two tokens.
bool continues_number(std::string_view text, std::size_t at) {
  const char c = text[at];
  if (is_letter(c) || is_digit(c) || c == '.' || c == '_') return true;
  return (c == '+' || c == '-') && to_lower(text[at - 1]) == 'e';
}

template <class T>
bool read_whole(std::string_view digits, T& value, int base) {
  const char* end = digits.data() + digits.size();
  const auto read = std::from_chars(digits.data(), end, value, base);
  return read.ec == std::errc() && read.ptr == end;
}

/// Digits of a base that is a power of two, of any length.
double read_digits(std::string_view digits, int base) {
  double value = 0;
  for (const char c : digits) {
    std::int64_t digit = 0;
    if (!read_whole(std::string_view(&c, 1), digit, base) || c == '-') return std::nan("");
    value = value * base + static_cast<double>(digit);
  }
  return digits.empty() ? std::nan("") : value;
}

/// The shape of JSON's numbers, leading zeros and all: no nan, no inf, no `1.`.
bool is_decimal(std::string_view text) {
  std::size_t at = text.starts_with('-') ? 1 : 0;
  const auto digits = [&] {
    const std::size_t first = at;
    while (at < text.size() && is_digit(text[at])) ++at;
    return at > first;
  };
  if (!digits()) return false;
  if (at < text.size() && text[at] == '.') {
    ++at;
    if (!digits()) return false;
  }
  if (at < text.size() && to_lower(text[at]) == 'e') {
    ++at;
    if (at < text.size() && (text[at] == '+' || text[at] == '-')) ++at;
    if (!digits()) return false;
  }
  return at == text.size();
}

double read_decimal(std::string_view text) {
  double value = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
  if (read.ec == std::errc()) return value;
  // Out of range: nothing, or without end.
  const std::size_t exponent = text.find_first_of("eE");
  const bool tiny = exponent != text.npos && text.find('-', exponent) != text.npos;
  return tiny ? 0 : std::numeric_limits<double>::infinity();
}

std::string_view without_space(std::string_view text) {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}

  Lexing run() {
    while (!result_.error) {
      while (at_ < text_.size() && is_space(text_[at_])) ++at_;
      if (at_ == text_.size()) break;
      next();
    }
    add({.kind = TokenKind::end, .offset = static_cast<std::uint32_t>(text_.size())});
    return std::move(result_);
  }

 private:
  void next() {
    const char c = text_[at_];
    const bool after_dot = !result_.tokens.empty() && result_.tokens.back().text == "." &&
                           result_.tokens.back().kind == TokenKind::symbol;
    if (begins_name(c) || (after_dot && is_digit(c))) {
      name();
    } else if (is_digit(c) || (c == '-' && at_ + 1 < text_.size() && is_digit(text_[at_ + 1]))) {
      number();
    } else if (c == '\'') {
      quoted();
    } else {
      symbol();
    }
  }

  void name() {
    const std::size_t first = at_;
    while (at_ < text_.size() && continues_name(text_[at_])) ++at_;
    Token token{.kind = TokenKind::literal, .offset = static_cast<std::uint32_t>(first)};
    token.text = text_.substr(first, at_ - first);
    if (token.text == "null") {
      token.literal = nullptr;
    } else if (token.text == "true" || token.text == "false") {
      token.literal = token.text == "true";
    } else {
      token.kind = TokenKind::name;
    }
    add(std::move(token));
  }

  void number() {
    const std::size_t first = at_;
    ++at_;
    while (at_ < text_.size() && continues_number(text_, at_)) ++at_;
    const std::string_view written = text_.substr(first, at_ - first);
    const double value = number_of_text(written);
    if (!std::isfinite(value)) {
      fail_at(first, "\"" + std::string(written) + "\" is no number");
      return;
    }
    Token token{.kind = TokenKind::literal, .offset = static_cast<std::uint32_t>(first)};
    const auto exact = exact_number_of_text(written);
    if (const auto* whole = std::get_if<std::int64_t>(&exact)) {
      token.literal = *whole;
    } else if (const auto* large = std::get_if<std::uint64_t>(&exact)) {
      token.literal = *large;
    } else if (value == std::trunc(value) && std::abs(value) < 0x1p53) {
      token.literal = static_cast<std::int64_t>(value);
    } else {
      token.literal = value;
    }
    add(std::move(token));
  }

  void quoted() {
    const std::size_t first = at_++;
    std::string value;
    while (at_ < text_.size()) {
      if (text_[at_] != '\'') {
        value += text_[at_++];
      } else if (at_ + 1 < text_.size() && text_[at_ + 1] == '\'') {
        value += '\'';
        at_ += 2;
      } else {
        ++at_;
        Token token{.kind = TokenKind::literal, .offset = static_cast<std::uint32_t>(first)};
        token.literal = std::move(value);
        add(std::move(token));
        return;
      }
    }
    fail_at(first, "this text has no closing quote (')");
  }

  void symbol() {
    static constexpr std::string_view kSymbols[] = {"&&", "||", "==", "!=", "<=", ">=", "<", ">",
                                                    "!",  "(",  ")",  "[",  "]",  ".",  ",", "*"};
    for (const std::string_view known : kSymbols) {
      if (!text_.substr(at_).starts_with(known)) continue;
      add({.kind = TokenKind::symbol,
           .offset = static_cast<std::uint32_t>(at_),
           .text = std::string(known)});
      at_ += known.size();
      return;
    }
    refuse();
  }

  void refuse() {
    const std::string_view rest = text_.substr(at_);
    const std::size_t length = utf8_sequence_length(rest);
    const std::string what = length == 0 ? "a byte that is not UTF-8"
                                         : "\"" + std::string(rest.substr(0, length)) + "\"";
    std::string hint;
    if (rest[0] == '"') hint = "; a text stands in single quotes: 'text'";
    if (rest[0] == '=') hint = "; equal is ==";
    if (rest[0] == '&') hint = "; and is &&";
    if (rest[0] == '|') hint = "; or is ||";
    if (rest[0] == '+' || rest[0] == '-') hint = "; there is no arithmetic";
    fail_at(at_, what + " has no meaning here" + hint);
  }

  void add(Token token) { result_.tokens.push_back(std::move(token)); }
  void fail_at(std::size_t offset, std::string message) {
    result_.error = ExpressionError{
        .offset = offset, .at = position_of(text_, offset), .message = std::move(message)};
  }

  std::string_view text_;
  std::size_t at_ = 0;
  Lexing result_;
};

}  // namespace

double number_of_text(std::string_view text) {
  text = without_space(text);
  if (text.empty()) return 0;
  if (text.starts_with("0x")) return read_digits(text.substr(2), 16);
  if (text.starts_with("0o")) return read_digits(text.substr(2), 8);
  return is_decimal(text) ? read_decimal(text) : std::nan("");
}

std::variant<std::int64_t, std::uint64_t, double> exact_number_of_text(std::string_view text) {
  text = without_space(text);
  std::int64_t number = 0;
  if (read_whole(text, number, 10)) return number;
  std::uint64_t large = 0;
  if (read_whole(text, large, 10)) return large;
  for (const auto& [prefix, base] : {std::pair{"0x", 16}, {"0o", 8}}) {
    if (!text.starts_with(prefix) || !read_whole(text.substr(2), large, base)) continue;
    if (large > INT64_MAX) return large;
    return static_cast<std::int64_t>(large);
  }
  return number_of_text(text);
}

Lexing lex(std::string_view text) { return Lexer(text).run(); }

}  // namespace waybill::pipeline
