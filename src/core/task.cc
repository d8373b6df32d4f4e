#include "core/task.h"

#include <algorithm>
#include <array>
#include <unordered_map>

#include "base/ascii.h"

namespace waybill {
namespace {

constexpr std::array<std::string_view, kStateCount> kStateNames = {
    "blocked", "scheduled", "ready", "leased", "succeeded", "failed", "cancelled"};

/// A task that waits, by way of others of the same call, for itself; null if there is none.
/// Kahn's algorithm: what is left when all that waits for nothing has been taken away again and
/// again.
const TaskRequest* find_circle(std::span<const TaskRequest> requests) {
  struct Node {
    const TaskRequest* request = nullptr;
    std::size_t waiting_for = 0;
    std::vector<Uuid> waiters;
  };
  std::unordered_map<Uuid, Node> nodes;
  for (const TaskRequest& request : requests) nodes.try_emplace(request.id, Node{&request});
  std::vector<Node*> free;
  for (auto& [id, node] : nodes) {
    for (const Uuid& on : node.request->waits_for) {
      const auto found = nodes.find(on);
      if (found == nodes.end()) continue;
      found->second.waiters.push_back(id);
      ++node.waiting_for;
    }
    if (node.waiting_for == 0) free.push_back(&node);
  }
  std::size_t left = nodes.size();
  for (; !free.empty(); --left) {
    const Node* node = free.back();
    free.pop_back();
    for (const Uuid& waiter : node->waiters) {
      Node& other = nodes.at(waiter);
      if (--other.waiting_for == 0) free.push_back(&other);
    }
  }
  if (left == 0) return nullptr;
  const auto stuck = std::ranges::find_if(
      requests, [&](const TaskRequest& request) { return nodes.at(request.id).waiting_for > 0; });
  return &*stuck;
}

tl::unexpected<Error> refuse(std::string_view field, std::string_view why) {
  return fail(Code::invalid_argument, std::string(field) + " " + std::string(why));
}

Status check_label_texts(const Labels& labels) {
  if (labels.size() > kLabelsMax) return refuse("labels", "are over 100");
  const auto is_control = [](char c) { return (c >= 0 && c < 0x20) || c == 0x7f; };
  for (const auto& [name, value] : labels) {
    if (name.empty() || name.size() > kNameBytesMax || name.find('=') != name.npos ||
        std::ranges::any_of(name, is_control)) {
      return refuse("labels", "have names of 1 to 200 bytes without = and control characters");
    }
    if (value.size() > kLabelBytesMax || std::ranges::any_of(value, is_control)) {
      return refuse("labels", "have values of at most 1000 bytes without control characters: " +
                                  name + " has not");
    }
  }
  return {};
}

/// As of is_name, and capitals too: `kiwix.updateSources`.
bool is_kind_name(std::string_view text) { return is_name(to_lower(text)); }

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

std::size_t text_bytes(const Task& task) {
  const TaskRequest& request = task.request;
  std::size_t bytes = request.spec.size() + request.params.size() +
                      request.waits_for.size() * sizeof(Uuid) + request.notify.size() +
                      task.status.error.size() + task.status.result.size();
  for (const auto& [name, value] : request.labels) bytes += name.size() + value.size();
  return bytes;
}

Status check_request(const TaskRequest& request) {
  if (request.id.is_nil()) return refuse("id", "must not be nil");
  if (!is_name(request.queue)) return refuse("queue", kNameRule);
  if (!is_kind_name(request.kind)) {
    return refuse("kind", "must be 1 to 200 letters, digits, dots, dashes or underscores");
  }
  if (request.definition.size() > kNameBytesMax) return refuse("definition", "is over 200 bytes");
  if (request.priority < kPriorityMin || request.priority > kPriorityMax) {
    return refuse("priority", "must be between -100 and 100");
  }
  if (request.params.size() > kParamsBytesMax || request.spec.size() > kParamsBytesMax) {
    return refuse("params", "and spec must be at most 1 MiB each; keep big data in a file");
  }
  if (Status labels = check_label_texts(request.labels); !labels) return labels;
  if (request.notify.size() > kNotifyBytesMax) return refuse("notify", "is over 256 KiB");
  if (request.run_time_max < Duration(0)) return refuse("timeout", "must not be negative");
  if (request.dedup_key.size() > 1024) return refuse("dedup_key", "is over 1024 bytes");
  for (const Uuid& id : request.waits_for) {
    if (id == request.id) return refuse("waits_for", "names the task itself");
  }
  return check_retry_policy(request.retry);
}

Status check_requests(std::span<const TaskRequest> requests) {
  bool any_waits = false;
  for (const TaskRequest& request : requests) {
    any_waits = any_waits || !request.waits_for.empty();
    const Status valid = check_request(request);
    if (!valid) return fail(with_context(valid.error(), "task " + to_string(request.id)));
  }
  if (!any_waits) return {};
  const TaskRequest* const stuck = find_circle(requests);
  if (stuck == nullptr) return {};
  return refuse("task " + to_string(stuck->id),
                "waits for tasks of the same call that wait for it: break the circle");
}

}  // namespace waybill
