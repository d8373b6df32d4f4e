#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/pipeline/expression.h"

namespace waybill::pipeline {

enum class Function : std::uint8_t {
  contains,
  starts_with,
  ends_with,
  format,
  join,
  to_json,
  from_json,
  success,
  failure,
  cancelled,
  always,
};

struct FunctionInfo {
  std::string_view name;
  Function function;
  std::size_t arguments_min;
  std::size_t arguments_max;
};
/// Null for a name that is none; case does not matter.
const FunctionInfo* find_function(std::string_view name);
std::vector<std::string> function_names();

enum class NodeKind : std::uint8_t {
  literal,
  context,
  member,  ///< of children[0]: children[1]
  filter,  ///< .* of children[0]
  negation,
  less,
  less_equal,
  greater,
  greater_equal,
  equal,
  not_equal,
  conjunction,  ///< of all children
  disjunction,
  call,
};

using Literal =
    std::variant<std::nullptr_t, bool, std::int64_t, std::uint64_t, double, std::string>;

struct Node {
  NodeKind kind = NodeKind::literal;
  Function function = Function::always;  ///< of a call
  std::uint32_t offset = 0;
  std::uint32_t depth = 1;
  Literal literal;                      ///< a context's name too
  std::vector<std::uint32_t> children;  ///< all before this node
};

struct ExpressionTree {
  std::string text;
  std::vector<Node> nodes;  ///< the last one is the whole
  std::vector<ExpressionRead> reads;
  bool asks_status = false;
};

/// A number as GitHub reads one out of a text: decimal, 0x, 0o; nothing is 0. NaN if it is none.
double number_of_text(std::string_view text);
/// The same, as int64 or uint64 where it is whole, written without an exponent, and fits.
std::variant<std::int64_t, std::uint64_t, double> exact_number_of_text(std::string_view text);

}  // namespace waybill::pipeline
