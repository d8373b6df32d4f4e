#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/pipeline/expression_tree.h"

namespace waybill::pipeline {

enum class TokenKind : std::uint8_t { end, name, literal, symbol };

struct Token {
  TokenKind kind = TokenKind::end;
  std::uint32_t offset = 0;
  std::string text;  ///< of a name or symbol
  Literal literal;
};

/// The tokens of an expression, the last one being the end; or what is wrong.
struct Lexing {
  std::vector<Token> tokens;
  std::optional<ExpressionError> error;
};
Lexing lex(std::string_view text);

}  // namespace waybill::pipeline
