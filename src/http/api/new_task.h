#pragma once

#include <boost/json/fwd.hpp>
#include <cstddef>
#include <string>

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
Answer<NewTask> read_new_task(const ApiParts& parts, const Call& call,
                              const boost::json::object& body, const NewTaskPlace& place);

/// The id of the task at this place of a call with an Idempotency-Key, unless it names its own.
Uuid keyed_id(const Call& call, std::size_t index);

/// Whether the ids of all tasks that a call asks for come from its Idempotency-Key, and their dedup
/// keys too: the ledger then knows a repeat by itself.
bool is_known_by_its_key(const Call& call);

/// Whether a stored task is what this request asks for, whenever it asked.
bool is_same_request(const NewTask& asked, const Task& stored);

}  // namespace waybill::http
