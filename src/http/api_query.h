#pragma once

#include <cstdint>
#include <initializer_list>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace waybill::http {

/// The query of a request that keeps to the OpenAPI document, with the document's defaults for what
/// was not sent. To ask for a parameter that the operation does not have is a bug, and aborts.
class Query {
 public:
  struct Value {
    bool sent = false;
    bool is_list = false;
    std::vector<std::string> texts;       ///< at most one unless it is a list
    std::optional<std::int64_t> integer;  ///< of an integer that was sent or has a default
  };
  using Values = std::map<std::string, Value, std::less<>>;

  /// `values` has every parameter of the operation.
  explicit Query(Values values) : values_(std::move(values)) {}

  /// Whether it was sent.
  bool has(std::string_view name) const { return at(name).sent; }
  /// What was sent, or the default; empty: neither.
  const std::string& text(std::string_view name) const;
  /// Everything that was sent under this name, of a parameter that may be repeated.
  const std::vector<std::string>& texts(std::string_view name) const;
  /// What was sent, or the default; `otherwise` if there is neither.
  std::int64_t integer(std::string_view name, std::int64_t otherwise = 0) const;
  /// All of it but those: equal for queries that mean the same, in whatever order they were sent.
  std::string words_without(std::initializer_list<std::string_view> names) const;

 private:
  const Value& at(std::string_view name) const;

  Values values_;
};

}  // namespace waybill::http
