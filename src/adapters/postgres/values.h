#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/uuid.h"

struct pg_result;  // of libpq

namespace waybill::postgres {

/// An array parameter in the making, as the server takes it in binary. For `unnest`: many rows cost
/// one statement.
class Array {
 public:
  enum class Of : std::uint32_t { integers, texts, bytes, uuids };  // int8, text, bytea, uuid

  explicit Array(Of of);
  Array& add(std::int64_t value);      ///< of integers
  Array& add(std::string_view value);  ///< of texts or bytes
  Array& add(const Uuid& value);       ///< of uuids
  Array& add_null();
  std::size_t size() const { return size_; }
  /// Leaves the first of elements that are all the same, and others as they are.
  Array& collapse();

 private:
  friend class Params;
  void append(const void* bytes, std::size_t size);

  Of of_;
  std::size_t size_ = 0;
  std::size_t first_size_ = 0;  // of the first element, with its length
  bool uniform_ = true;         // whether all are as the first
  std::string bytes_;
};

/// The parameters of a statement, $1 first, in binary; each has a type of the server's: int8, bool,
/// text, bytea, uuid, or an array of them. Text must be UTF-8 without NUL, or the statement fails
/// with `invalid_argument`; bytes may be anything.
class Params {
 public:
  Params& integer(std::int64_t value);
  Params& boolean(bool value);
  Params& text(std::string_view value);
  Params& bytes(std::string_view value);
  Params& uuid(const Uuid& value);
  Params& null_integer();
  Params& null_text();
  Params& array(Array&& array);
  Params& integers(std::span<const std::int64_t> values);
  Params& texts(std::span<const std::string> values);
  Params& uuids(std::span<const Uuid> values);

  std::size_t size() const { return types_.size(); }

 private:
  friend class Connection;
  Params& put(std::uint32_t type, std::string_view value);
  Params& put_null(std::uint32_t type);

  std::vector<std::uint32_t> types_;
  std::vector<std::string> values_;
  std::vector<bool> nulls_;
};

/// What a statement answered, in binary. Views are good as long as the rows are.
class Rows {
 public:
  Rows() = default;
  explicit Rows(pg_result* result) : result_(result) {}

  int size() const;
  bool empty() const { return size() == 0; }
  bool is_null(int row, int column) const;
  /// Of a bool, or of an integer of any size; 0 for null.
  std::int64_t integer(int row, int column) const;
  /// Of text, bytea, or whatever else; empty for null.
  std::string_view text(int row, int column) const;
  Uuid uuid(int row, int column) const;
  /// Of an array of int8 without nulls; empty for null.
  std::vector<std::int64_t> integers(int row, int column) const;
  /// How many rows the statement inserted, changed or removed.
  std::int64_t affected() const;

 private:
  struct Clear {
    void operator()(pg_result* result) const;
  };
  std::unique_ptr<pg_result, Clear> result_;
};

}  // namespace waybill::postgres
