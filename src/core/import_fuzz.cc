// A message of a broker as anybody may publish it, each property on a line, then the body: it is a
// task that a ledger may take, the same each time, or it is refused with a sentence.
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "base/check.h"
#include "core/definition.h"
#include "core/import.h"
#include "core/message_form.h"

namespace {

std::string_view take_line(std::string_view& text) {
  const std::size_t end = text.find('\n');
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end == text.npos ? text.size() : end + 1);
  return line;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace waybill;
  static const std::map<std::string, TaskDefinition> definitions = {
      {"fetch",
       {.name = "fetch",
        .kind = "noop",
        .params_schema =
            R"({"type":"object","required":["url"],"properties":{"url":{"type":"string"}}})"}},
      {"any", {.name = "any", .kind = "noop"}}};
  static const ImportDefinition import = {
      .name = "tasks", .queue = "tasks", .types = {{"ipfs.addurl", "fetch"}}, .task = "any"};
  ImportReader reader(import, definitions);
  std::string_view text(reinterpret_cast<const char*>(data), size);
  ImportMessage message;
  message.message_id = take_line(text);
  message.correlation_id = take_line(text);
  message.type = take_line(text);
  message.user_id = take_line(text);
  message.body = text;
  const Uuid fresh = uuid_v5(kTaskNamespace, "fuzz");
  const auto task = reader.read(message, fresh);
  if (task) {
    WAYBILL_CHECK(check_request(*task).has_value(), "a task that no ledger may take");
    WAYBILL_CHECK(*reader.read(message, fresh) == *task, "another task the second time");
  } else {
    WAYBILL_CHECK(task.error().code == Code::invalid_argument, "a refusal of another kind");
  }
  for (const auto form : {MessageForm::prio, MessageForm::json, MessageForm::any}) {
    const auto facts = read_message(form, text);
    WAYBILL_CHECK(facts || form != MessageForm::any, "any body is one of `any`");
    WAYBILL_CHECK(facts || facts.error().code == Code::invalid_argument, "refused otherwise");
  }
  return 0;
}
