#include "testing/builders.h"

namespace waybill {

Uuid task_id(int number) { return uuid_v5(kTaskNamespace, "test/" + std::to_string(number)); }

TaskBuilder::TaskBuilder(int number) {
  request_.id = task_id(number);
  request_.kind = "noop";
  request_.created_by = "test";
}

std::vector<Uuid> task_ids(std::initializer_list<int> numbers) {
  std::vector<Uuid> ids;
  for (const int number : numbers) ids.push_back(task_id(number));
  return ids;
}

TaskBuilder& TaskBuilder::queue(std::string name) {
  request_.queue = std::move(name);
  return *this;
}

TaskBuilder& TaskBuilder::kind(std::string name) {
  request_.kind = std::move(name);
  return *this;
}

TaskBuilder& TaskBuilder::definition(std::string name) {
  request_.definition = std::move(name);
  return *this;
}

TaskBuilder& TaskBuilder::spec(std::string json) {
  request_.spec = std::move(json);
  return *this;
}

TaskBuilder& TaskBuilder::params(std::string json) {
  request_.params = std::move(json);
  return *this;
}

TaskBuilder& TaskBuilder::priority(int priority) {
  request_.priority = priority;
  return *this;
}

TaskBuilder& TaskBuilder::run_at(Time time) {
  request_.run_at = time;
  return *this;
}

TaskBuilder& TaskBuilder::run_time_max(Duration duration) {
  request_.run_time_max = duration;
  return *this;
}

TaskBuilder& TaskBuilder::retry(RetryPolicy policy) {
  request_.retry = policy;
  return *this;
}

TaskBuilder& TaskBuilder::dedup(std::string key, DedupScope scope) {
  request_.dedup_key = std::move(key);
  request_.dedup_scope = scope;
  return *this;
}

TaskBuilder& TaskBuilder::waits_for(std::vector<Uuid> ids) {
  request_.waits_for = std::move(ids);
  return *this;
}

TaskBuilder& TaskBuilder::label(std::string name, std::string value) {
  request_.labels.emplace_back(std::move(name), std::move(value));
  return *this;
}

TaskBuilder& TaskBuilder::created_by(std::string who) {
  request_.created_by = std::move(who);
  return *this;
}

std::vector<TaskRequest> some_tasks(int first, int last) {
  std::vector<TaskRequest> tasks;
  for (int number = first; number <= last; ++number) tasks.push_back(a_task(number));
  return tasks;
}

}  // namespace waybill
