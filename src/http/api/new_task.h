#pragma once

#include <boost/json/fwd.hpp>
#include <cstddef>
#include <string>

#include "core/definition_fields.h"
#include "core/json_schema.h"
#include "http/answer.h"
#include "http/api/call.h"
#include "http/api/parts.h"

namespace waybill::http {

/// A task that a request asks for, and what of it depends on when it is asked.
struct NewTask {
  TaskRequest request;
  Duration delay{};  ///< `run_at` is this long after now; zero: it is as given
};

/// Reads one NewTask that keeps to its schema. `index` is its place in the call: with an
/// Idempotency-Key the id comes from both. Problems point into the body at `pointer`.
struct NewTaskPlace {
  std::size_t index = 0;
  std::string pointer;  ///< "" or "/tasks/3"
};
class NewTaskReader {
 public:
  /// Both outlive it.
  NewTaskReader(const ApiParts& parts, const Call& call) : parts_(parts), call_(call) {}
  Answer<NewTask> read(const boost::json::object& body, const NewTaskPlace& place);

 private:
  Answer<TaskRequest> begin(const Fields& fields, const NewTaskPlace& place);
  Answer<TaskRequest> of_kind(const Fields& fields, const NewTaskPlace& place) const;
  void read_identity(const Fields& fields, const NewTaskPlace& place, TaskRequest& request);
  std::string fingerprint(std::size_t index);

  const ApiParts& parts_;
  const Call& call_;
  ParamsChecks checks_;
  std::string digest_;  // of the call, once it was needed
};

/// The id of the task at this place of a call with an Idempotency-Key, unless it names its own.
Uuid keyed_id(const Call& call, std::size_t index);

/// Keeps the trace that the request belongs to, if any, as the task's label `traceparent`.
void label_trace(const Request& request, TaskRequest& task);

/// Whether the ids of all tasks that a call asks for come from its Idempotency-Key, and their dedup
/// keys too: the ledger then knows a repeat by itself.
bool is_known_by_its_key(const Call& call);

/// What was, before 27 November 2026, the dedup key of the task at this place of a call with an
/// Idempotency-Key: a repeat may come after an upgrade. Costs a digest of the whole body.
std::string older_keyed_dedup_key(const Call& call, std::size_t index);
/// Whether a dedup key stands for an Idempotency-Key with its request, in either form.
bool is_keyed(std::string_view dedup_key);

/// Whether a stored task is what this request asks for, whenever it asked.
bool is_same_request(const TaskRequest& asked, Duration delay, const Task& stored);

}  // namespace waybill::http
