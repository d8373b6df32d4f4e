#include "adapters/yaml/yaml.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <boost/json.hpp>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <sstream>
#include <system_error>
#include <type_traits>
#include <utility>

#include "adapters/yaml/scalar.h"
#include "base/utf8.h"

namespace waybill::yaml {
namespace bj = boost::json;
namespace {

Position position(const YAML::Mark& mark) {
  if (mark.is_null()) return {};
  return {.line = static_cast<std::uint32_t>(mark.line) + 1,
          .column = static_cast<std::uint32_t>(mark.column) + 1};
}

/// Turns yaml-cpp's nodes into JSON, noting places and problems.
class Converter {
 public:
  explicit Converter(Reading& reading) : reading_(reading) {}

  bj::value convert(const YAML::Node& node, const std::string& pointer, int depth) {
    if (stopped_) return nullptr;
    if (bytes_ += pointer.size(); bytes_ > kTextBytesMax) return too_big(node);
    reading_.document.values.emplace(pointer, position(node.Mark()));
    if (++nodes_ > kNodesMax) {
      return stop(node, "more than " + std::to_string(kNodesMax) +
                            " values; look for an alias (*name) that multiplies them");
    }
    if (depth > kDepthMax) {
      return stop(node, "nested more than " + std::to_string(kDepthMax) + " levels deep");
    }
    switch (node.Type()) {
      case YAML::NodeType::Map:
        return map(node, pointer, depth);
      case YAML::NodeType::Sequence:
        return sequence(node, pointer, depth);
      case YAML::NodeType::Scalar:
        return scalar(node);
      case YAML::NodeType::Null:
      case YAML::NodeType::Undefined:
        break;
    }
    return nullptr;
  }

 private:
  bj::value map(const YAML::Node& node, const std::string& pointer, int depth) {
    check_tag(node, "tag:yaml.org,2002:map");
    bj::object object;
    for (const auto& member : node) {
      if (stopped_) break;
      const std::optional<std::string> key = key_of(member.first);
      if (!key) continue;
      const std::string child = child_pointer(pointer, *key);
      bytes_ += key->size() + child.size();
      const Position at = position(member.first.Mark());
      const auto [first, inserted] = reading_.document.keys.emplace(child, at);
      if (!inserted && object.contains(*key)) {
        problem(at, "\"" + *key + "\" is here twice; the first is on line " +
                        std::to_string(first->second.line));
        continue;
      }
      object.emplace(*key, convert(member.second, child, depth + 1));
    }
    return object;
  }

  bj::value sequence(const YAML::Node& node, const std::string& pointer, int depth) {
    check_tag(node, "tag:yaml.org,2002:seq");
    bj::array array;
    for (const auto& element : node) {
      if (stopped_) break;
      array.push_back(
          convert(element, child_pointer(pointer, std::to_string(array.size())), depth + 1));
    }
    return array;
  }

  bj::value scalar(const YAML::Node& node) {
    const std::string& text = node.Scalar();
    if (bytes_ += text.size(); bytes_ > kTextBytesMax) return too_big(node);
    const bool plain = node.Tag() == "?";
    if (!plain) check_tag(node, "tag:yaml.org,2002:str");
    const Scalar value = plain ? read_plain_scalar(text) : Scalar(text);
    if (const auto* refused = std::get_if<NotInJson>(&value)) {
      problem(position(node.Mark()), refused->why);
      return nullptr;
    }
    return std::visit(
        [](const auto& v) -> bj::value {
          if constexpr (std::is_same_v<std::decay_t<decltype(v)>, NotInJson>) {
            return nullptr;
          } else {
            return bj::value(v);
          }
        },
        value);
  }

  std::optional<std::string> key_of(const YAML::Node& key) {
    const Position at = position(key.Mark());
    if (!key.IsScalar() && !key.IsNull()) {
      problem(at, "a key has to be a word, not a map or a list");
      return std::nullopt;
    }
    if (key.IsScalar() && key.Tag() == "?" && key.Scalar() == "<<") {
      problem(at, "merge keys (<<) are not supported; write the values out");
      return std::nullopt;
    }
    return key.IsScalar() ? key.Scalar() : "null";
  }

  void check_tag(const YAML::Node& node, std::string_view allowed) {
    const std::string& tag = node.Tag();
    if (tag.empty() || tag == "?" || tag == "!" || tag == allowed) return;
    problem(position(node.Mark()), "the tag " + tag + " is not supported; leave it out");
  }

  void problem(Position at, std::string message) {
    reading_.problems.push_back(
        {.file = reading_.document.file, .at = at, .message = std::move(message)});
  }

  bj::value stop(const YAML::Node& node, std::string message) {
    stopped_ = true;
    problem(position(node.Mark()), std::move(message));
    return nullptr;
  }

  bj::value too_big(const YAML::Node& node) {
    return stop(node, "more than " + std::to_string(kTextBytesMax) +
                          " bytes of text; look for an alias (*name) that multiplies it, or a "
                          "long key around many values");
  }

  Reading& reading_;
  std::size_t nodes_ = 0;
  std::size_t bytes_ = 0;  ///< of values, keys and the pointers to them
  bool stopped_ = false;
};

/// Notes where documents begin, and nothing else.
class DocumentStarts final : public YAML::EventHandler {
 public:
  void OnDocumentStart(const YAML::Mark& mark) override { starts.push_back(position(mark)); }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark&, YAML::anchor_t) override {}
  void OnAlias(const YAML::Mark&, YAML::anchor_t) override {}
  void OnScalar(const YAML::Mark&, const std::string&, YAML::anchor_t,
                const std::string&) override {}
  void OnSequenceStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                       YAML::EmitterStyle::value) override {}
  void OnSequenceEnd() override {}
  void OnMapStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                  YAML::EmitterStyle::value) override {}
  void OnMapEnd() override {}

  std::vector<Position> starts;
};

/// The first two documents at most: where a `]` or `,` stands alone yaml-cpp 0.7 finds empty
/// documents for ever, so YAML::LoadAll must not be asked.
std::vector<Position> first_documents(const std::string& text) {
  std::istringstream stream(text);
  YAML::Parser parser(stream);
  DocumentStarts handler;
  while (handler.starts.size() < 2 && parser.HandleNextDocument(handler)) continue;
  return handler.starts;
}

/// Where a text stops being UTF-8; none if it is all of it.
std::optional<Position> no_utf8_at(std::string_view text) {
  Position at{.line = 1, .column = 1};
  while (!text.empty()) {
    const std::size_t length = utf8_sequence_length(text);
    if (length == 0) return at;
    if (text.front() == '\n') {
      at = {.line = at.line + 1, .column = 1};
    } else {
      ++at.column;
    }
    text.remove_prefix(length);
  }
  return std::nullopt;
}

/// yaml-cpp throws on bad syntax; nothing of it leaves this file.
void read_into(Reading& reading, std::string_view text) {
  const auto refuse = [&](Position at, std::string message) {
    reading.problems.push_back(
        {.file = reading.document.file, .at = at, .message = std::move(message)});
  };
  if (text.size() > kBytesMax) {
    refuse({.line = 1, .column = 1}, "the file has " + std::to_string(text.size()) +
                                         " bytes; at most " + std::to_string(kBytesMax) +
                                         " are read");
    return;
  }
  if (const auto at = no_utf8_at(text)) {
    refuse(*at, "not UTF-8 from here on; save the file as UTF-8");
    return;
  }
  try {
    const std::string copy(text);
    const std::vector<Position> documents = first_documents(copy);
    if (documents.empty()) return;
    if (documents.size() > 1) {
      refuse(documents[1],
             "a second document begins here, or a ] or , that belongs to nothing; one file is one "
             "document");
      return;
    }
    reading.document.json = bj::serialize(Converter(reading).convert(YAML::Load(copy), "", 0));
  } catch (const YAML::Exception& error) {
    refuse(position(error.mark), "not YAML: " + error.msg);
  }
}

Code code_of(int error) {
  if (error == ENOENT || error == ENOTDIR) return Code::not_found;
  return error == EACCES ? Code::permission_denied : Code::unavailable;
}

}  // namespace

Reading read(std::string file, std::string_view text) {
  Reading reading;
  reading.document.file = std::move(file);
  read_into(reading, text);
  return reading;
}

Result<Reading> read_file(const std::string& path) {
  std::error_code unknown;
  if (std::filesystem::is_directory(path, unknown)) {
    return fail(Code::failed_precondition,
                "reading " + path + ": it is a directory; a file is expected");
  }
  errno = 0;
  std::ifstream stream(path, std::ios::binary);
  std::string text(std::istreambuf_iterator<char>(stream), {});
  if (!stream.is_open() || stream.bad()) {
    const int error = errno;
    return fail(code_of(error), "reading " + path + ": " + std::generic_category().message(error));
  }
  Reading reading = read(path, text);
  std::error_code ignored;
  const auto absolute = std::filesystem::absolute(path, ignored);
  reading.document.directory = absolute.lexically_normal().parent_path().string();
  return reading;
}

}  // namespace waybill::yaml
