#include "adapters/ledger/queue.h"

#include <algorithm>
#include <utility>

#include "base/utf8.h"

namespace waybill {
namespace {

Status publish_only() {
  return fail(Code::unimplemented, "a ledger's tasks are claimed by workers, not received");
}

/// Texts that a ledger can hold.
bool is_text(const std::string& body) { return is_utf8(body) && body.find('\0') == body.npos; }

}  // namespace

LedgerQueue::LedgerQueue(Ledger& ledger, LedgerQueueOptions options)
    : ledger_(ledger), options_(std::move(options)) {}

QueueCaps LedgerQueue::caps() const {
  return {.durable = true,
          .ordered = true,
          .deduplicates = true,
          .receives = false,
          .binary = false,
          .body_bytes_max = options_.body_bytes_max};
}

TaskRequest LedgerQueue::request_for(const Message& message) const {
  TaskRequest request = make_request(options_.definition, message.body);
  request.dedup_key = message.dedup_key.empty() ? message.id : message.dedup_key;
  request.dedup_scope = DedupScope::forever;
  request.id = uuid_v5(kTaskNamespace, request.dedup_key);
  request.created_by = options_.created_by;
  for (const auto& attribute : message.attributes) request.labels.push_back(attribute);
  return request;
}

Status LedgerQueue::check(const Message& message, const TaskRequest& request) const {
  if (message.body.size() > options_.body_bytes_max) {
    return fail(Code::invalid_argument, "the body of message " + message.id + " has " +
                                            std::to_string(message.body.size()) +
                                            " bytes; the params of a task have at most " +
                                            std::to_string(options_.body_bytes_max));
  }
  if (message.body.empty() || !is_text(message.body)) {
    return fail(Code::invalid_argument, "the body of message " + message.id +
                                            " cannot be a task's params: they are a text in UTF-8");
  }
  if (Status checked = check_request(request); !checked) return checked;
  return options_.check_task ? options_.check_task(request) : Status{};
}

Result<std::vector<Status>> LedgerQueue::publish(std::span<const Message> messages) {
  std::vector<Status> answers;
  answers.reserve(messages.size());
  std::vector<TaskRequest> requests;
  for (const Message& message : messages) {
    TaskRequest request = request_for(message);
    answers.push_back(check(message, request));
    if (answers.back()) requests.push_back(std::move(request));
  }
  if (requests.empty()) return answers;
  const auto inserted = ledger_.insert(requests);
  if (!inserted) return fail(inserted.error());
  duplicates_ += std::count_if(inserted->begin(), inserted->end(), [](const Inserted& one) {
    return one.outcome == InsertOutcome::duplicate;
  });
  return answers;
}

Result<std::vector<Delivery>> LedgerQueue::receive(std::size_t, const Deadline&) {
  return fail(publish_only().error());
}

Status LedgerQueue::ack(std::span<const std::string>) { return publish_only(); }

Status LedgerQueue::nack(std::span<const std::string>) { return publish_only(); }

Status LedgerQueue::extend(std::span<const std::string>, Duration) { return publish_only(); }

}  // namespace waybill
