#include "services/hint.h"

#include <boost/json.hpp>

#include "base/json.h"

namespace waybill {

Message make_hint(const Uuid& task, std::uint64_t fence) {
  const std::string id = to_string(task);
  return {.id = fence == 0 ? id : id + "/" + std::to_string(fence),
          .body = R"({"task":")" + id + R"("})"};
}

Result<Uuid> task_of_hint(const Message& message) {
  const auto refuse = [&](const std::string& why) {
    return fail(Code::invalid_argument, "message " + message.id + " is no hint of a task: " + why);
  };
  const auto body = json::parse(message.body);
  if (!body) return refuse(body.error().message);
  const auto* object = body->if_object();
  const auto* task = object == nullptr ? nullptr : object->if_contains("task");
  if (task == nullptr || !task->is_string()) return refuse(R"(its body has no string "task")");
  const auto& text = task->get_string();
  const Result<Uuid> id = parse_uuid(std::string_view(text.data(), text.size()));
  if (!id) return refuse(id.error().message);
  return *id;
}

}  // namespace waybill
