#include "base/json.h"

#include <algorithm>
#include <boost/json.hpp>
#include <cmath>
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

Result<bj::value> parse_into(bj::storage_ptr storage, std::string_view text) {
  bj::parse_options options;
  options.max_depth = kDepthMax;
  bj::stream_parser parser({}, options);
  parser.reset(std::move(storage));
  boost::system::error_code error;
  const std::size_t read = parser.write(text.data(), text.size(), error);
  if (!error) parser.finish(error);
  if (error == bj::error::too_deep) {
    return fail(Code::invalid_argument, "nested deeper than " + std::to_string(kDepthMax) +
                                            " levels, the most that is read, at byte " +
                                            std::to_string(read));
  }
  if (error) {
    return fail(Code::invalid_argument,
                "not JSON: " + error.message() + " at byte " + std::to_string(read));
  }
  bj::value value = parser.release();
  if (is_finite(value)) return value;
  return fail(Code::invalid_argument, "a number is beyond what can be kept, 1.8e308");
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
