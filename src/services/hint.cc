#include "services/hint.h"

#include <algorithm>
#include <boost/json.hpp>

#include "base/json.h"

namespace waybill {
namespace {

constexpr int kUsual = 4;
constexpr int kHighest = 9;

/// A text of an object; empty if it has none of that name.
std::string text_in(const boost::json::object& object, const char* name) {
  const auto* value = object.if_contains(name);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : "";
}

std::string body_of(const Task& task, const std::string& id) {
  std::string body = R"({"id":")" + id + R"(","kind":)";
  json::append_quoted(body, task.request.kind);
  body += R"(,"queue":)";
  json::append_quoted(body, task.request.queue);
  if (!task.request.definition.empty()) {
    body += R"(,"definition":)";
    json::append_quoted(body, task.request.definition);
  }
  body += R"(,"attempt":)" + std::to_string(task.status.attempt + 1) + R"(,"params":)" +
          task.request.params + "}";
  if (body.size() <= kHintBytesMax) return body;
  return R"({"id":")" + id + R"("})";
}

}  // namespace

std::uint8_t broker_priority(int priority) {
  if (priority == 0) return kUsual;
  const int steps = priority < 0 ? kUsual : kHighest - kUsual;
  const int bound = priority < 0 ? -kPriorityMin : kPriorityMax;
  // Away from the usual one by a step at least, by all of them at the bound.
  const int away = std::clamp((std::abs(priority) * steps + bound - 1) / bound, 1, steps);
  return static_cast<std::uint8_t>(priority < 0 ? kUsual - away : kUsual + away);
}

Message make_hint(const Task& task) {
  const std::string id = to_string(task.id());
  const std::uint64_t fence = task.status.fence;
  const std::string& definition = task.request.definition;
  return {.id = fence == 0 ? id : id + "/" + std::to_string(fence),
          .body = body_of(task, id),
          .attributes = {},
          .properties = {.type = definition.empty() ? task.request.kind : definition,
                         .content_type = "application/json",
                         .correlation_id = id,
                         .priority = broker_priority(task.request.priority)}};
}

Result<Hint> read_hint(const Message& message) {
  const auto refuse = [&](const std::string& why) {
    return fail(Code::invalid_argument, "message " + message.id + " is no hint of a task: " + why);
  };
  const auto body = json::parse(message.body);
  if (!body) return refuse(body.error().message);
  const auto* object = body->if_object();
  if (object == nullptr || text_in(*object, "id").empty()) {
    return refuse(R"(its body has no string "id")");
  }
  const Result<Uuid> id = parse_uuid(text_in(*object, "id"));
  if (!id) return refuse(id.error().message);
  return Hint{.task = *id, .kind = text_in(*object, "kind")};
}

}  // namespace waybill
