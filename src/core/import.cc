#include "core/import.h"

#include <boost/json.hpp>
#include <utility>
#include <vector>

#include "base/json.h"
#include "base/utf8.h"
#include "core/suggest.h"

namespace waybill {
namespace {

constexpr std::size_t kImportShownMax = 200;
constexpr int kMadeOfNames = 5;  // the version of ids that this program makes of keys

tl::unexpected<Error> malformed(const std::string& why) {
  return fail(Code::invalid_argument, why);
}

std::string quoted_start(std::string_view text) {
  return "\"" + std::string(utf8_prefix(text, kImportShownMax)) + "\"";
}

/// The publisher's own, where it is one; so that it can ask for the task by it.
Uuid own_id_of(std::string_view id, const std::string& key) {
  const auto own = parse_uuid(id);
  if (own && !own->is_nil() && own->bytes[6] >> 4 != kMadeOfNames) return *own;
  return uuid_v5(kTaskNamespace, key);
}

}  // namespace

Result<const TaskDefinition*> ImportReader::definition_of(std::string_view type) const {
  std::string name(type);
  if (type.empty()) {
    if (import_.task.empty()) {
      return malformed("the message has no type; it has to name what to do");
    }
    name = import_.task;
  } else if (!import_.types.empty()) {
    const auto found = import_.types.find(name);
    if (found == import_.types.end()) {
      std::vector<std::string> known;
      for (const auto& [other, definition] : import_.types) known.push_back(other);
      return malformed("import " + import_.name + " takes no messages of type " +
                       quoted_start(type) + did_you_mean(name, known));
    }
    name = found->second;
  }
  const auto found = definitions_.find(name);
  if (found != definitions_.end()) return &found->second;
  std::vector<std::string> known;
  for (const auto& [other, definition] : definitions_) known.push_back(other);
  return malformed("there is no task definition " + quoted_start(name) + did_you_mean(name, known));
}

Result<TaskRequest> ImportReader::read(const ImportMessage& message, const Uuid& fresh_id) {
  const auto definition = definition_of(message.type);
  if (!definition) return fail(definition.error());
  boost::json::value params = boost::json::object();
  if (!message.body.empty()) {
    auto body = json::parse(message.body);
    if (!body) return malformed("the body is no JSON: " + body.error().message);
    if (!body->is_object() && !body->is_null()) {
      return malformed("the body has to be a JSON object with the task's params");
    }
    if (body->is_object()) params = std::move(*body);
  }
  if (const Status fits = checks_.check((*definition)->params_schema, params); !fits) {
    return malformed("the body does not fit " + (*definition)->name + ": " + fits.error().message);
  }
  TaskRequest request = make_request(**definition, json::serialize(params));
  request.id = fresh_id;
  request.created_by = "import:" + import_.name;
  if (!message.user_id.empty()) {
    request.labels.emplace_back("user", std::string(utf8_prefix(message.user_id, kImportShownMax)));
  }
  const std::string_view id =
      message.message_id.empty() ? message.correlation_id : message.message_id;
  if (!is_utf8(id)) return malformed("its message_id or correlation_id is not UTF-8");
  if (!id.empty()) {
    request.dedup_key = "import/" + import_.name + "/" + std::string(id);
    request.dedup_scope = DedupScope::forever;
    request.id = own_id_of(id, request.dedup_key);
  }
  if (const Status sound = check_request(request); !sound) return malformed(sound.error().message);
  return request;
}

}  // namespace waybill
