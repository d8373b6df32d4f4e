#include "core/task.h"

#include <array>

namespace waybill {
namespace {

constexpr std::array<std::string_view, kStateCount> kStateNames = {
    "blocked", "scheduled", "ready", "leased", "succeeded", "failed", "cancelled"};

tl::unexpected<Error> refuse(std::string_view field, std::string_view why) {
  return fail(Code::invalid_argument, std::string(field) + " " + std::string(why));
}

}  // namespace

bool is_name(std::string_view text) {
  if (text.empty() || text.size() > kNameBytesMax) return false;
  for (const char c : text) {
    const bool fits =
        (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
    if (!fits) return false;
  }
  return true;
}

std::string_view to_string(State state) { return kStateNames[static_cast<std::size_t>(state)]; }

std::optional<State> parse_state(std::string_view text) {
  for (std::size_t i = 0; i < kStateNames.size(); ++i) {
    if (kStateNames[i] == text) return static_cast<State>(i);
  }
  return std::nullopt;
}

Status check_request(const TaskRequest& request) {
  if (request.id.is_nil()) return refuse("id", "must not be nil");
  if (!is_name(request.queue)) return refuse("queue", kNameRule);
  if (!is_name(request.kind)) return refuse("kind", kNameRule);
  if (request.definition.size() > kNameBytesMax) return refuse("definition", "is over 200 bytes");
  if (request.priority < kPriorityMin || request.priority > kPriorityMax) {
    return refuse("priority", "must be between -100 and 100");
  }
  if (request.params.size() > kParamsBytesMax || request.spec.size() > kParamsBytesMax) {
    return refuse("params", "and spec must be at most 1 MiB each; keep big data in a file");
  }
  if (request.run_time_max < Duration(0)) return refuse("timeout", "must not be negative");
  if (request.dedup_key.size() > 1024) return refuse("dedup_key", "is over 1024 bytes");
  for (const Uuid& id : request.waits_for) {
    if (id == request.id) return refuse("waits_for", "names the task itself");
  }
  return check_retry_policy(request.retry);
}

}  // namespace waybill
