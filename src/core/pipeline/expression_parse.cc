#include <algorithm>
#include <array>
#include <utility>

#include "base/ascii.h"
#include "base/utf8.h"
#include "core/pipeline/expression.h"
#include "core/pipeline/expression_lex.h"
#include "core/pipeline/expression_tree.h"
#include "core/suggest.h"

namespace waybill::pipeline {
namespace {

constexpr std::size_t kFormatArgumentsMax = 100;

constexpr std::array kFunctions = {
    FunctionInfo{"contains", Function::contains, 2, 2},
    FunctionInfo{"startsWith", Function::starts_with, 2, 2},
    FunctionInfo{"endsWith", Function::ends_with, 2, 2},
    FunctionInfo{"format", Function::format, 1, kFormatArgumentsMax},
    FunctionInfo{"join", Function::join, 1, 2},
    FunctionInfo{"toJSON", Function::to_json, 1, 1},
    FunctionInfo{"fromJSON", Function::from_json, 1, 1},
    FunctionInfo{"success", Function::success, 0, 0},
    FunctionInfo{"failure", Function::failure, 0, 0},
    FunctionInfo{"cancelled", Function::cancelled, 0, 0},
    FunctionInfo{"always", Function::always, 0, 0},
};

/// Operators of one strength, the weakest first.
struct Operator {
  std::string_view symbol;
  NodeKind kind;
  int strength;
};
constexpr std::array kOperators = {
    Operator{"||", NodeKind::disjunction, 0}, Operator{"&&", NodeKind::conjunction, 1},
    Operator{"==", NodeKind::equal, 2},       Operator{"!=", NodeKind::not_equal, 2},
    Operator{"<", NodeKind::less, 3},         Operator{"<=", NodeKind::less_equal, 3},
    Operator{">", NodeKind::greater, 3},      Operator{">=", NodeKind::greater_equal, 3},
};
constexpr int kStrongest = 3;

std::string arguments_text(const FunctionInfo& info) {
  const std::string least = std::to_string(info.arguments_min);
  if (info.arguments_min == info.arguments_max) return least;
  return least + " to " + std::to_string(info.arguments_max);
}

class Parser {
 public:
  explicit Parser(std::string_view text) { tree_.text = text; }

  Expression::Parsing run(ExpressionTree& tree) {
    Expression::Parsing parsing;
    if (tree_.text.size() > kExpressionBytesMax) {
      fail_at(0, "an expression is at most " + std::to_string(kExpressionBytesMax) + " bytes long");
    } else {
      Lexing lexing = lex(tree_.text);
      if (lexing.error) error_ = std::move(lexing.error);
      tokens_ = std::move(lexing.tokens);
      if (!error_ && peek().kind == TokenKind::end) fail_at(0, "there is no expression");
      if (!error_) binary(0);
      if (!error_ && peek().kind != TokenKind::end) unexpected("an operator or the end");
    }
    if (error_) {
      parsing.error = *error_;
    } else {
      collect_reads();
      tree = std::move(tree_);
    }
    return parsing;
  }

 private:
  using Index = std::uint32_t;

  Index binary(int strength) {
    if (strength > kStrongest) return unary();
    if (strength < 2) return chain(strength);
    Index left = binary(strength + 1);
    while (const Operator* found = operator_here(strength)) {
      Node node{.kind = found->kind, .offset = take().offset};
      node.children = {left, binary(strength + 1)};
      left = add(std::move(node));
    }
    return left;
  }

  /// a && b && c is one node, so that long conditions are not deep.
  Index chain(int strength) {
    const Index first = binary(strength + 1);
    const Operator* found = operator_here(strength);
    if (found == nullptr) return first;
    Node node{.kind = found->kind, .offset = peek().offset};
    node.children = {first};
    while (operator_here(strength) != nullptr) {
      take();
      node.children.push_back(binary(strength + 1));
    }
    return add(std::move(node));
  }

  const Operator* operator_here(int strength) const {
    if (error_) return nullptr;
    for (const Operator& each : kOperators) {
      if (each.strength == strength && is_symbol(each.symbol)) return &each;
    }
    return nullptr;
  }

  Index unary() {
    if (!is_symbol("!")) return postfix();
    if (!enter()) return 0;
    Node node{.kind = NodeKind::negation, .offset = take().offset};
    node.children = {unary()};
    --nesting_;
    return add(std::move(node));
  }

  Index postfix() {
    Index value = primary();
    while (!error_) {
      if (is_symbol(".")) {
        take();
        value = dotted(value);
      } else if (is_symbol("[")) {
        value = bracketed(value);
      } else {
        break;
      }
    }
    return value;
  }

  Index dotted(Index value) {
    if (is_symbol("*")) {
      Node node{.kind = NodeKind::filter, .offset = take().offset};
      node.children = {value};
      return add(std::move(node));
    }
    // true, false and null are members like any other after a dot.
    const bool named = peek().kind == TokenKind::name || !peek().text.empty();
    if (!named || peek().kind == TokenKind::symbol) return unexpected("a name after the dot");
    const Token token = take();
    const Index name = literal(token.offset, token.text);
    return member(value, name, token.offset);
  }

  Index bracketed(Index value) {
    if (!enter()) return 0;
    const std::uint32_t offset = take().offset;
    Index result = 0;
    if (is_symbol("*")) {
      take();
      Node node{.kind = NodeKind::filter, .offset = offset};
      node.children = {value};
      result = add(std::move(node));
    } else {
      const Index name = binary(0);
      if (!error_) result = member(value, name, offset);
    }
    expect("]");
    --nesting_;
    return result;
  }

  Index primary() {
    if (error_) return 0;
    if (peek().kind == TokenKind::literal) {
      const Token token = take();
      return literal(token.offset, token.literal);
    }
    if (is_symbol("(")) {
      if (!enter()) return 0;
      take();
      const Index inner = binary(0);
      expect(")");
      --nesting_;
      return inner;
    }
    if (peek().kind != TokenKind::name) return unexpected("a value");
    const Token token = take();
    if (is_symbol("(")) return call(token);
    Node node{.kind = NodeKind::context, .offset = token.offset, .literal = token.text};
    return add(std::move(node));
  }

  Index call(const Token& name) {
    const FunctionInfo* info = find_function(name.text);
    if (info == nullptr) {
      fail_at(name.offset, "there is no function \"" + name.text + "\"" +
                               did_you_mean(name.text, function_names()));
      return 0;
    }
    if (!enter()) return 0;
    Node node{.kind = NodeKind::call, .function = info->function, .offset = name.offset};
    take();
    while (!error_ && !is_symbol(")")) {
      if (!node.children.empty()) expect(",");
      if (!error_) node.children.push_back(binary(0));
    }
    expect(")");
    --nesting_;
    const std::size_t count = node.children.size();
    if (!error_ && (count < info->arguments_min || count > info->arguments_max)) {
      fail_at(name.offset, std::string(info->name) + " takes " + arguments_text(*info) +
                               " arguments, here are " + std::to_string(count));
    }
    if (info->function >= Function::success) tree_.asks_status = true;
    return add(std::move(node));
  }

  Index literal(std::uint32_t offset, Literal value) {
    return add({.kind = NodeKind::literal, .offset = offset, .literal = std::move(value)});
  }

  Index member(Index of, Index name, std::uint32_t offset) {
    Node node{.kind = NodeKind::member, .offset = offset};
    node.children = {of, name};
    return add(std::move(node));
  }

  Index add(Node node) {
    if (error_) return 0;
    for (const Index child : node.children) {
      node.depth = std::max(node.depth, tree_.nodes[child].depth + 1);
    }
    if (node.depth > kExpressionDepthMax) too_deep(node.offset);
    if (tree_.nodes.size() >= kExpressionNodesMax) {
      fail_at(node.offset, "an expression has at most " + std::to_string(kExpressionNodesMax) +
                               " parts; this one has more");
    }
    tree_.nodes.push_back(std::move(node));
    return static_cast<Index>(tree_.nodes.size() - 1);
  }

  bool enter() {
    if (++nesting_ > kExpressionDepthMax) too_deep(peek().offset);
    return !error_;
  }
  void too_deep(std::size_t offset) {
    fail_at(offset, "an expression is at most " + std::to_string(kExpressionDepthMax) +
                        " levels deep; this one is deeper");
  }

  const Token& peek() const { return tokens_[next_]; }
  bool is_symbol(std::string_view symbol) const {
    return peek().kind == TokenKind::symbol && peek().text == symbol;
  }
  Token take() {
    Token token = peek();
    if (token.kind != TokenKind::end) ++next_;
    return token;
  }
  void expect(std::string_view symbol) {
    if (error_) return;
    if (is_symbol(symbol)) {
      take();
    } else {
      unexpected("\"" + std::string(symbol) + "\"");
    }
  }
  Index unexpected(const std::string& wanted) {
    if (error_) return 0;
    const Token& token = peek();
    const std::string found = token.kind == TokenKind::end ? "the end"
                              : token.kind == TokenKind::literal && token.text.empty()
                                  ? "a value"
                                  : "\"" + token.text + "\"";
    fail_at(token.offset, "here should be " + wanted + ", not " + found);
    return 0;
  }
  void fail_at(std::size_t offset, std::string message) {
    if (error_) return;
    error_ = ExpressionError{
        .offset = offset, .at = position_of(tree_.text, offset), .message = std::move(message)};
  }

  /// The path that ends at a node, if it begins at a context and every member is written out.
  static void path_of(const std::vector<Node>& nodes, Index at, ExpressionRead& read, bool& whole) {
    const Node& node = nodes[at];
    if (node.kind == NodeKind::context) {
      read.context = std::get<std::string>(node.literal);
      read.offset = node.offset;
    } else if (node.kind == NodeKind::member) {
      path_of(nodes, node.children[0], read, whole);
      const Node& name = nodes[node.children[1]];
      const auto* text = std::get_if<std::string>(&name.literal);
      if (name.kind == NodeKind::literal && text != nullptr && whole) {
        read.members.push_back(*text);
      } else {
        whole = false;
      }
    } else {
      if (node.kind == NodeKind::filter) path_of(nodes, node.children[0], read, whole);
      whole = false;
    }
  }

  void collect_reads() {
    std::vector<char> inner(tree_.nodes.size(), 0);  // part of a longer path
    for (std::size_t i = tree_.nodes.size(); i-- > 0;) {
      const Node& node = tree_.nodes[i];
      const bool steps = node.kind == NodeKind::member || node.kind == NodeKind::filter;
      if (steps) inner[node.children[0]] = 1;
      if (inner[i] != 0 || !(steps || node.kind == NodeKind::context)) continue;
      ExpressionRead read;
      bool whole = true;
      path_of(tree_.nodes, static_cast<Index>(i), read, whole);
      if (!read.context.empty()) tree_.reads.push_back(std::move(read));
    }
    std::stable_sort(tree_.reads.begin(), tree_.reads.end(),
                     [](const auto& a, const auto& b) { return a.offset < b.offset; });
  }

  ExpressionTree tree_;
  std::vector<Token> tokens_;
  std::size_t next_ = 0;
  std::size_t nesting_ = 0;
  std::optional<ExpressionError> error_;
};

}  // namespace

const FunctionInfo* find_function(std::string_view name) {
  for (const FunctionInfo& info : kFunctions) {
    if (to_lower(info.name) == to_lower(name)) return &info;
  }
  return nullptr;
}

std::vector<std::string> function_names() {
  std::vector<std::string> names;
  for (const FunctionInfo& info : kFunctions) names.emplace_back(info.name);
  return names;
}

Expression::Parsing Expression::parse(std::string_view text) {
  ExpressionTree tree;
  Parsing parsing = Parser(text).run(tree);
  if (!tree.nodes.empty()) {
    parsing.expression = Expression(std::make_shared<const ExpressionTree>(std::move(tree)));
  }
  return parsing;
}

const std::vector<ExpressionRead>& Expression::reads() const { return tree_->reads; }
bool Expression::asks_status() const { return tree_->asks_status; }

Position position_of(std::string_view text, std::size_t offset) {
  Position at{.line = 1, .column = 1};
  for (std::size_t i = 0; i < std::min(offset, text.size()); ++i) {
    if (text[i] == '\n') {
      ++at.line;
      at.column = 1;
    } else if ((static_cast<unsigned char>(text[i]) & 0xC0U) != 0x80U) {
      ++at.column;
    }
  }
  return at;
}

std::string to_string(const ExpressionError& error) {
  const std::string line =
      error.at.line > 1 ? "line " + std::to_string(error.at.line) + ", " : std::string();
  return line + "column " + std::to_string(error.at.column) + ": " + error.message;
}

std::string with_caret(std::string_view text, const ExpressionError& error) {
  const std::size_t at = std::min(error.offset, text.size());
  const std::size_t before = at == 0 ? text.npos : text.rfind('\n', at - 1);
  const std::size_t first = before == text.npos ? 0 : before + 1;
  const std::string_view line = text.substr(first, text.find('\n', at) - first);
  std::string caret;
  for (const char c : line.substr(0, at - first)) {
    if (c == '\t') {
      caret += '\t';
    } else if ((static_cast<unsigned char>(c) & 0xC0U) != 0x80U) {
      caret += ' ';
    }
  }
  return mend_utf8(line) + "\n" + caret + "^";
}

}  // namespace waybill::pipeline
