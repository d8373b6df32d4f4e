#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/json.h"
#include "base/time.h"

namespace waybill {

/// Reads the fields of an object that has passed its schema, so that types need no second check.
class Fields {
 public:
  explicit Fields(const boost::json::object& object) : object_(object) {}

  bool has(std::string_view name) const { return find(name) != nullptr; }
  std::string text(std::string_view name, std::string_view otherwise = "") const;
  Duration duration(std::string_view name, Duration otherwise) const;
  /// Its schema bounds it to what 64 bits hold; else this is the nearest that they do.
  std::int64_t integer(std::string_view name, std::int64_t otherwise) const;
  double number(std::string_view name, double otherwise) const;
  bool flag(std::string_view name, bool otherwise) const;
  /// JSON text of the field; `otherwise` if it is not there.
  std::string json(std::string_view name, std::string_view otherwise = "") const;
  /// The object in the field; an empty one if it is not there.
  const boost::json::object& object(std::string_view name) const;
  /// Null if it is not there.
  const boost::json::value* find(std::string_view name) const;

 private:
  const boost::json::object& object_;
};

}  // namespace waybill
