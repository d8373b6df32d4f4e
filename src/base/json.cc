#include "base/json.h"

#include <algorithm>
#include <boost/json.hpp>
#include <boost/json/basic_parser_impl.hpp>
#include <charconv>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "base/utf8.h"

namespace waybill::json {
namespace bj = boost::json;
namespace {

constexpr std::size_t kDepthMax = 64;

void append_canonical(std::string& out, const bj::value& value) {
  if (const auto* object = value.if_object()) {
    std::vector<const bj::key_value_pair*> members;
    members.reserve(object->size());
    for (const auto& member : *object) members.push_back(&member);
    std::sort(members.begin(), members.end(),
              [](const auto* a, const auto* b) { return a->key() < b->key(); });
    out += '{';
    for (const auto* member : members) {
      if (out.back() != '{') out += ',';
      append_quoted(out, std::string_view(member->key().data(), member->key().size()));
      out += ':';
      append_canonical(out, member->value());
    }
    out += '}';
  } else if (const auto* array = value.if_array()) {
    out += '[';
    for (const auto& element : *array) {
      if (&element != array->begin()) out += ',';
      append_canonical(out, element);
    }
    out += ']';
  } else {
    out += bj::serialize(value);
  }
}

/// Boost.JSON makes Infinity of 1e400, which no JSON text can say again.
bool is_finite(const bj::value& value) {
  if (const auto* number = value.if_double()) return std::isfinite(*number);
  if (const auto* object = value.if_object()) {
    return std::ranges::all_of(*object, [](const auto& each) { return is_finite(each.value()); });
  }
  const auto* array = value.if_array();
  return array == nullptr || std::ranges::all_of(*array, is_finite);
}

/// Makes values as Boost.JSON's own parsers do, but numbers with a fraction or an exponent to their
/// last bit, where those of Boost 1.81 are now and then one unit off.
class Maker {
 public:
  static constexpr std::size_t max_object_size = bj::object::max_size();
  static constexpr std::size_t max_array_size = bj::array::max_size();
  static constexpr std::size_t max_key_size = bj::string::max_size();
  static constexpr std::size_t max_string_size = bj::string::max_size();
  using Problem = boost::system::error_code;
  using Text = bj::string_view;

  explicit Maker(bj::storage_ptr storage) { stack_.reset(std::move(storage)); }
  bj::value release() { return stack_.release(); }

  bool on_document_begin(Problem&) { return true; }
  bool on_document_end(Problem&) { return true; }
  bool on_object_begin(Problem&) { return true; }
  bool on_object_end(std::size_t size, Problem&) { return stack_.push_object(size), true; }
  bool on_array_begin(Problem&) { return true; }
  bool on_array_end(std::size_t size, Problem&) { return stack_.push_array(size), true; }
  bool on_key_part(Text text, std::size_t, Problem&) { return stack_.push_chars(text), true; }
  bool on_key(Text text, std::size_t, Problem&) { return stack_.push_key(text), true; }
  bool on_string_part(Text text, std::size_t, Problem&) { return stack_.push_chars(text), true; }
  bool on_string(Text text, std::size_t, Problem&) { return stack_.push_string(text), true; }
  /// Of a number that ends with the text: whether it goes on is not known before.
  bool on_number_part(Text text, Problem&) {
    return literal_.append(text.begin(), text.end()), true;
  }
  bool on_int64(std::int64_t number, Text, Problem&) { return stack_.push_int64(number), true; }
  bool on_uint64(std::uint64_t number, Text, Problem&) { return stack_.push_uint64(number), true; }
  bool on_double(double nearly, Text text, Problem&) {
    literal_.append(text.begin(), text.end());
    double number = 0;
    const char* const end = literal_.data() + literal_.size();
    const auto read = std::from_chars(literal_.data(), end, number);
    stack_.push_double(read.ec == std::errc() && read.ptr == end ? number : nearly);
    literal_.clear();
    return true;
  }
  bool on_bool(bool value, Problem&) { return stack_.push_bool(value), true; }
  bool on_null(Problem&) { return stack_.push_null(), true; }
  bool on_comment_part(Text, Problem&) { return true; }
  bool on_comment(Text, Problem&) { return true; }

 private:
  bj::value_stack stack_;
  std::string literal_;
};

Result<bj::value> parse_into(bj::storage_ptr storage, std::string_view text) {
  bj::parse_options options;
  options.max_depth = kDepthMax;
  bj::basic_parser<Maker> parser(options, std::move(storage));
  boost::system::error_code error;
  const std::size_t read = parser.write_some(true, text.data(), text.size(), error);
  if (!error && read < text.size()) error = bj::error::extra_data;
  if (!error) parser.write_some(false, nullptr, 0, error);
  if (error == bj::error::too_deep) {
    return fail(Code::invalid_argument, "nested deeper than " + std::to_string(kDepthMax) +
                                            " levels, the most that is read, at byte " +
                                            std::to_string(read));
  }
  if (error) {
    return fail(Code::invalid_argument,
                "not JSON: " + error.message() + " at byte " + std::to_string(read));
  }
  bj::value value = parser.handler().release();
  if (is_finite(value)) return value;
  return fail(Code::invalid_argument, "not JSON that can be kept: a number is beyond 1.8e308");
}

}  // namespace

struct Arena::Memory {
  explicit Memory(std::size_t bytes) : resource(bytes) {}
  bj::monotonic_resource resource;
};

Arena::Arena(std::size_t text_bytes)
    : memory_(std::make_unique<Memory>(std::clamp<std::size_t>(2 * text_bytes, 1024, 1 << 20))) {}
Arena::~Arena() = default;

Result<bj::value> parse(std::string_view text) { return parse_into({}, text); }

Result<bj::value> parse(std::string_view text, Arena& arena) {
  return parse_into(&arena.memory_->resource, text);
}

std::string serialize(const bj::value& value) { return bj::serialize(value); }

std::string canonical(const bj::value& value) {
  std::string out;
  append_canonical(out, value);
  return out;
}

void append_quoted(std::string& out, std::string_view text) {
  static constexpr char kHex[] = "0123456789abcdef";
  const auto is_plain = [](char c) { return c >= 0x20 && c != '"' && c != '\\'; };
  out += '"';
  while (true) {
    const auto plain = std::find_if_not(text.begin(), text.end(), is_plain);
    out.append(text.begin(), plain);
    text.remove_prefix(static_cast<std::size_t>(plain - text.begin()));
    if (text.empty()) break;
    const auto c = static_cast<unsigned char>(text[0]);
    const std::size_t length = utf8_sequence_length(text);
    if (length == 0) {
      out += "\xef\xbf\xbd";
      text.remove_prefix(1);
      continue;
    }
    if (c == '"' || c == '\\') {
      out += '\\';
      out += static_cast<char>(c);
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\r') {
      out += "\\r";
    } else if (c == '\t') {
      out += "\\t";
    } else if (c < 0x20) {
      out += "\\u00";
      out += kHex[c >> 4];
      out += kHex[c & 15];
    } else {
      out.append(text.substr(0, length));
    }
    text.remove_prefix(length);
  }
  out += '"';
}

boost::json::string text(std::string_view text) {
  return boost::json::string(text.data(), text.size());
}

boost::json::value text_or_null(std::string_view text) {
  return text.empty() ? boost::json::value(nullptr) : boost::json::value(json::text(text));
}

}  // namespace waybill::json
