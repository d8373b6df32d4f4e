#include "core/pipeline/expression_value.h"

#include <algorithm>
#include <boost/json.hpp>
#include <charconv>
#include <cmath>
#include <utility>

#include "base/ascii.h"
#include "base/json.h"
#include "core/pipeline/expression_tree.h"

namespace waybill::pipeline {
namespace bj = boost::json;
namespace {

/// A scalar as a number, whole where it can be without loss: 64 bits do not fit a double.
bj::value number_value(const bj::value& value) {
  if (value.is_null()) return 0;
  if (value.is_bool()) return value.get_bool() ? 1 : 0;
  bj::value number = value;
  if (value.is_string()) {
    std::visit([&](auto exact) { number = exact; },
               exact_number_of_text(std::string_view(value.get_string())));
  }
  if (!number.is_double()) return number;
  const double real = number.get_double();
  if (real != std::trunc(real)) return number;
  if (real >= -0x1p63 && real < 0x1p63) return static_cast<std::int64_t>(real);
  if (real >= 0x1p63 && real < 0x1p64) return static_cast<std::uint64_t>(real);
  return number;
}

bool is_whole(const bj::value& value) { return value.is_int64() || value.is_uint64(); }

double number_of(const bj::value& value) {
  switch (value.kind()) {
    case bj::kind::null:
      return 0;
    case bj::kind::bool_:
      return value.get_bool() ? 1 : 0;
    case bj::kind::int64:
      return static_cast<double>(value.get_int64());
    case bj::kind::uint64:
      return static_cast<double>(value.get_uint64());
    case bj::kind::double_:
      return value.get_double();
    case bj::kind::string:
      return number_of_text(std::string_view(value.get_string()));
    default:
      return std::nan("");
  }
}

template <class T>
Comparison order(const T& left, const T& right) {
  return {.equal = left == right, .less = left<right, .greater = left> right};
}

Comparison order_numbers(const bj::value& left_side, const bj::value& right_side) {
  const bj::value left = number_value(left_side);
  const bj::value right = number_value(right_side);
  if (!is_whole(left) || !is_whole(right)) return order(number_of(left), number_of(right));
  const auto as_integers = [](const auto& a, const auto& b) {
    return Comparison{.equal = std::cmp_equal(a, b),
                      .less = std::cmp_less(a, b),
                      .greater = std::cmp_greater(a, b)};
  };
  if (left.is_int64()) {
    return right.is_int64() ? as_integers(left.get_int64(), right.get_int64())
                            : as_integers(left.get_int64(), right.get_uint64());
  }
  return right.is_int64() ? as_integers(left.get_uint64(), right.get_int64())
                          : as_integers(left.get_uint64(), right.get_uint64());
}

Comparison order_texts(std::string_view left, std::string_view right) {
  const std::size_t shared = std::min(left.size(), right.size());
  for (std::size_t i = 0; i < shared; ++i) {
    const auto a = static_cast<unsigned char>(to_upper(left[i]));
    const auto b = static_cast<unsigned char>(to_upper(right[i]));
    if (a != b) return order(a, b);
  }
  return order(left.size(), right.size());
}

/// Strictly the same JSON, but for how a number is written and the order of keys.
std::optional<bool> same(const bj::value& left, const bj::value& right, EvaluationBudget& budget) {
  if (!budget.spend(1)) return std::nullopt;
  if (left.is_number() && right.is_number()) return order_numbers(left, right).equal;
  if (left.kind() != right.kind()) return false;
  if (left.is_string()) {
    if (!budget.spend(left.get_string().size())) return std::nullopt;
    return left.get_string() == right.get_string();
  }
  if (left.is_array()) {
    if (left.get_array().size() != right.get_array().size()) return false;
    for (std::size_t i = 0; i < left.get_array().size(); ++i) {
      const auto equal = same(left.get_array()[i], right.get_array()[i], budget);
      if (!equal || !*equal) return equal;
    }
    return true;
  }
  if (left.is_object()) {
    if (left.get_object().size() != right.get_object().size()) return false;
    for (const auto& member : left.get_object()) {
      if (!budget.spend(1 + member.key().size())) return std::nullopt;
      const bj::value* other = right.get_object().if_contains(member.key());
      if (other == nullptr) return false;
      const auto equal = same(member.value(), *other, budget);
      if (!equal || !*equal) return equal;
    }
    return true;
  }
  return left == right;
}

std::string number_text(double value) {
  if (value == 0) return "0";  // -0 too
  if (std::isnan(value)) return "NaN";
  char text[64];
  const auto written = std::to_chars(text, text + sizeof(text), value);
  return {text, written.ptr};
}

void append_json(std::string& out, const bj::value& value) {
  if (value.is_array()) {
    char before = '[';
    for (const bj::value& element : value.get_array()) {
      out += std::exchange(before, ',');
      append_json(out, element);
    }
    out += before == '[' ? "[]" : "]";
  } else if (value.is_object()) {
    char before = '{';
    for (const auto& member : value.get_object()) {
      out += std::exchange(before, ',');
      json::append_quoted(out, std::string_view(member.key()));
      out += ':';
      append_json(out, member.value());
    }
    out += before == '{' ? "{}" : "}";
  } else if (value.is_double() && std::isfinite(value.get_double())) {
    out += number_text(value.get_double());
  } else {
    out += json::serialize(value);
  }
}

}  // namespace

std::optional<Comparison> compare_loosely(const bj::value& left, const bj::value& right,
                                          EvaluationBudget& budget) {
  if (!budget.spend(1)) return std::nullopt;
  if (left.is_string() && right.is_string()) {
    const std::size_t shared = std::min(left.get_string().size(), right.get_string().size());
    if (!budget.spend(shared)) return std::nullopt;
    return order_texts(std::string_view(left.get_string()), std::string_view(right.get_string()));
  }
  if (left.is_null() && right.is_null()) return Comparison{.equal = true};
  if (!is_scalar(left) || !is_scalar(right)) {
    if (left.kind() != right.kind()) return Comparison{};
    const auto equal = same(left, right, budget);
    if (!equal) return std::nullopt;
    return Comparison{.equal = *equal};
  }
  for (const bj::value* side : {&left, &right}) {
    if (side->is_string() && !budget.spend(side->get_string().size())) return std::nullopt;
  }
  return order_numbers(left, right);
}

bool is_scalar(const bj::value& value) { return !value.is_array() && !value.is_object(); }

std::optional<std::size_t> weigh(const bj::value& value, EvaluationBudget& budget) {
  std::size_t weight = 1;
  if (value.is_string()) weight += value.get_string().size();
  if (!budget.spend(weight)) return std::nullopt;
  const auto add = [&](const bj::value& inner) {
    const auto more = weigh(inner, budget);
    weight += more.value_or(0);
    return more.has_value();
  };
  if (value.is_array()) {
    for (const bj::value& element : value.get_array()) {
      if (!add(element)) return std::nullopt;
    }
  } else if (value.is_object()) {
    for (const auto& member : value.get_object()) {
      if (!budget.spend(member.key().size()) || !add(member.value())) return std::nullopt;
      weight += member.key().size();
    }
  }
  return weight;
}

bool is_truthy(const bj::value& value) {
  if (value.is_string()) return !value.get_string().empty();
  if (!is_scalar(value)) return true;
  const double number = number_of(value);
  return number != 0 && !std::isnan(number);
}

std::string value_text(const bj::value& value) {
  switch (value.kind()) {
    case bj::kind::null:
      return "";
    case bj::kind::bool_:
      return value.get_bool() ? "true" : "false";
    case bj::kind::string:
      return std::string(value.get_string());
    case bj::kind::double_:
      return number_text(value.get_double());
    default:
      return json_text(value);
  }
}

std::string json_text(const bj::value& value) {
  std::string text;
  append_json(text, value);
  return text;
}

}  // namespace waybill::pipeline
