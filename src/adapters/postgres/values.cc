#include "adapters/postgres/values.h"

#include <libpq-fe.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <utility>

namespace waybill::postgres {
namespace {

// Types by the number that each server has for them, pg_type.dat.
constexpr std::uint32_t kBool = 16;
constexpr std::uint32_t kBytea = 17;
constexpr std::uint32_t kInt8 = 20;
constexpr std::uint32_t kText = 25;
constexpr std::uint32_t kUuid = 2950;

struct ArrayType {
  std::uint32_t element;
  std::uint32_t array;
};

ArrayType type_of(Array::Of of) {
  switch (of) {
    case Array::Of::integers:
      return {kInt8, 1016};
    case Array::Of::texts:
      return {kText, 1009};
    case Array::Of::bytes:
      return {kBytea, 1001};
    case Array::Of::uuids:
      break;
  }
  return {kUuid, 2951};
}

/// Numbers are sent with the highest byte first.
template <class Integer>
std::array<char, sizeof(Integer)> sent(Integer value) {
  std::array<char, sizeof(Integer)> bytes;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    bytes[bytes.size() - 1 - i] = static_cast<char>(value & 0xff);
    value >>= 8;
  }
  return bytes;
}

template <class Integer>
void append_number(std::string& out, Integer value) {
  const auto bytes = sent(value);
  out.append(bytes.data(), bytes.size());
}

std::uint64_t received(const char* bytes, std::size_t size) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < size; ++i) value = value << 8 | static_cast<unsigned char>(bytes[i]);
  return value;
}

std::int64_t received_signed(const char* bytes, std::size_t size) {
  const std::uint64_t value = received(bytes, size);
  switch (size) {
    case 1:
      return static_cast<std::int64_t>(value);  // bool
    case 2:
      return static_cast<std::int16_t>(value);
    case 4:
      return static_cast<std::int32_t>(value);
    default:
      return static_cast<std::int64_t>(value);
  }
}

/// Dimensions, whether there are nulls, type, size, first index.
constexpr std::size_t kArrayHeader = 20;

}  // namespace

Array::Array(Of of) : of_(of), bytes_(kArrayHeader, '\0') {}

void Array::append(const void* bytes, std::size_t size) {
  append_number(bytes_, static_cast<std::uint32_t>(size));
  bytes_.append(static_cast<const char*>(bytes), size);
  if (size_ == 0) first_size_ = bytes_.size() - kArrayHeader;
  ++size_;
  if (!uniform_ || size_ == 1) return;
  const std::string_view all(bytes_);
  const std::size_t whole = size + sizeof(std::uint32_t);
  uniform_ = whole == first_size_ &&
             all.substr(all.size() - whole) == all.substr(kArrayHeader, first_size_);
}

Array& Array::collapse() {
  if (size_ < 2 || !uniform_) return *this;
  bytes_.resize(kArrayHeader + first_size_);
  size_ = 1;
  return *this;
}

Array& Array::add(std::int64_t value) {
  const auto bytes = sent(static_cast<std::uint64_t>(value));
  append(bytes.data(), bytes.size());
  return *this;
}

Array& Array::add(std::string_view value) {
  append(value.data(), value.size());
  return *this;
}

Array& Array::add(const Uuid& value) {
  append(value.bytes.data(), value.bytes.size());
  return *this;
}

Array& Array::add_null() {
  append_number(bytes_, ~std::uint32_t{0});
  uniform_ = false;
  ++size_;
  return *this;
}

Params& Params::put(std::uint32_t type, std::string_view value) {
  types_.push_back(type);
  values_.emplace_back(value);
  nulls_.push_back(false);
  return *this;
}

Params& Params::put_null(std::uint32_t type) {
  put(type, "");
  nulls_.back() = true;
  return *this;
}

Params& Params::integer(std::int64_t value) {
  const auto bytes = sent(static_cast<std::uint64_t>(value));
  return put(kInt8, {bytes.data(), bytes.size()});
}

Params& Params::boolean(bool value) {
  const char byte = value ? 1 : 0;
  return put(kBool, {&byte, 1});
}

Params& Params::text(std::string_view value) { return put(kText, value); }
Params& Params::bytes(std::string_view value) { return put(kBytea, value); }
Params& Params::uuid(const Uuid& value) { return put(kUuid, bytes_of(value)); }
Params& Params::null_integer() { return put_null(kInt8); }
Params& Params::null_text() { return put_null(kText); }

Params& Params::array(Array&& array) {
  const ArrayType type = type_of(array.of_);
  std::string header;
  header.reserve(kArrayHeader);
  const std::uint32_t dimensions = array.size_ == 0 ? 0 : 1;
  append_number(header, dimensions);
  append_number(header, std::uint32_t{1});  // there may be nulls
  append_number(header, type.element);
  append_number(header, static_cast<std::uint32_t>(array.size_));
  append_number(header, std::uint32_t{1});
  if (dimensions == 0) {
    array.bytes_.resize(12);
    header.resize(12);
  }
  std::ranges::copy(header, array.bytes_.begin());
  types_.push_back(type.array);
  values_.push_back(std::move(array.bytes_));
  nulls_.push_back(false);
  return *this;
}

Params& Params::integers(std::span<const std::int64_t> values) {
  Array array(Array::Of::integers);
  for (const std::int64_t value : values) array.add(value);
  return this->array(std::move(array));
}

Params& Params::texts(std::span<const std::string> values) {
  Array array(Array::Of::texts);
  for (const std::string& value : values) array.add(value);
  return this->array(std::move(array));
}

Params& Params::uuids(std::span<const Uuid> values) {
  Array array(Array::Of::uuids);
  for (const Uuid& value : values) array.add(value);
  return this->array(std::move(array));
}

void Rows::Clear::operator()(pg_result* result) const { PQclear(result); }

int Rows::size() const { return result_ ? PQntuples(result_.get()) : 0; }

bool Rows::is_null(int row, int column) const {
  return PQgetisnull(result_.get(), row, column) != 0;
}

std::string_view Rows::text(int row, int column) const {
  return {PQgetvalue(result_.get(), row, column),
          static_cast<std::size_t>(PQgetlength(result_.get(), row, column))};
}

std::int64_t Rows::integer(int row, int column) const {
  const std::string_view bytes = text(row, column);
  return received_signed(bytes.data(), std::min<std::size_t>(bytes.size(), 8));
}

Uuid Rows::uuid(int row, int column) const { return to_uuid(text(row, column)); }

std::vector<std::int64_t> Rows::integers(int row, int column) const {
  std::string_view bytes = text(row, column);
  std::vector<std::int64_t> values;
  if (bytes.size() < kArrayHeader) return values;
  const auto count = static_cast<std::size_t>(received(bytes.data() + 12, 4));
  bytes.remove_prefix(kArrayHeader);
  values.reserve(std::min(count, bytes.size() / 12));
  while (values.size() < count && bytes.size() >= 12) {
    values.push_back(received_signed(bytes.data() + 4, 8));
    bytes.remove_prefix(12);
  }
  return values;
}

std::int64_t Rows::affected() const {
  if (!result_) return 0;
  const std::string_view text = PQcmdTuples(result_.get());
  std::int64_t count = 0;
  std::from_chars(text.data(), text.data() + text.size(), count);
  return count;
}

}  // namespace waybill::postgres
