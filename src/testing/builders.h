#pragma once

#include <string>
#include <utility>
#include <vector>

#include "core/task.h"

namespace waybill {

/// The id of the `number`-th task of a test: always the same.
Uuid task_id(int number);
std::vector<Uuid> task_ids(std::initializer_list<int> numbers);

/// Builds a TaskRequest of which a test names only what it is about:
/// `ledger.insert(a_batch({a_task(1).queue("fetch"), a_task(2).waits_for({task_id(1)})}))`.
class TaskBuilder {
 public:
  explicit TaskBuilder(int number);

  TaskBuilder& queue(std::string name);
  TaskBuilder& kind(std::string name);
  TaskBuilder& definition(std::string name);
  TaskBuilder& spec(std::string json);
  TaskBuilder& params(std::string json);
  TaskBuilder& priority(int priority);
  TaskBuilder& run_at(Time time);
  TaskBuilder& run_time_max(Duration duration);
  TaskBuilder& retry(RetryPolicy policy);
  TaskBuilder& dedup(std::string key, DedupScope scope = DedupScope::live);
  TaskBuilder& waits_for(std::vector<Uuid> ids);
  TaskBuilder& label(std::string name, std::string value);
  TaskBuilder& created_by(std::string who);

  TaskRequest build() const { return request_; }
  operator TaskRequest() const { return request_; }  // NOLINT: the point of a builder

 private:
  TaskRequest request_;
};

/// A task of kind "noop" in queue "default", with the id task_id(number).
inline TaskBuilder a_task(int number = 1) { return TaskBuilder(number); }

/// The requests in order.
inline std::vector<TaskRequest> a_batch(std::vector<TaskRequest> requests) { return requests; }

/// Tasks `first` to `last` with nothing special about them.
std::vector<TaskRequest> some_tasks(int first, int last);

}  // namespace waybill
