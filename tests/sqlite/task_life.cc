#include "tests/sqlite/task_life.h"

#include "testing/builders.h"

namespace waybill {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kSteps = 14;

/// A call that answers each element: the first that was refused refuses all.
Status all_of(const Result<std::vector<Status>>& answers) {
  if (!answers) return fail(answers.error());
  for (const Status& answer : *answers) {
    if (!answer) return answer;
  }
  return {};
}

TaskRequest one_that_is_told_of() {
  TaskRequest request = a_task(3);
  request.notify = R"([{"on":["failed"],"kind":"notify.mail","spec":{"to":["a@b"]}}])";
  return request;
}

template <class Answer>
Status status_of(const Result<Answer>& answer) {
  if (!answer) return fail(answer.error());
  return {};
}

}  // namespace

Status TaskLife::apply(SqliteLedger& ledger, int number, const Event& event) {
  const auto task = ledger.reader().get(task_id(number));
  if (!task) return fail(task.error());
  const auto change = transition(*task, event, {.now = clock_.now()});
  if (!change) return fail(change.error());
  return all_of(ledger.ledger().apply(std::vector{*change}));
}

Status TaskLife::claim(SqliteLedger& ledger, int number) {
  const auto tasks = ledger.ledger().claim(
      {.queues = {"default"}, .only_ids = {task_id(number)}, .worker = "w", .lease = 30s});
  if (!tasks) return fail(tasks.error());
  if (tasks->size() == 1) return {};
  return fail(Code::internal, "task " + std::to_string(number) + " could not be claimed");
}

std::size_t TaskLife::step_count() { return kSteps; }

Status TaskLife::run(SqliteLedger& ledger, std::size_t step) {
  clock_.advance(1s);
  const std::vector<Uuid> first = {task_id(1)};
  switch (step) {
    case 0:
      return status_of(ledger.ledger().insert(std::vector<TaskRequest>{
          a_task(1).dedup("key", DedupScope::forever), a_task(2).waits_for(first)}));
    case 1:
      return claim(ledger, 1);
    case 2:
      return status_of(ledger.ledger().extend(
          std::vector<Extension>{{.id = task_id(1), .fence = 1, .lease = 60s}}));
    case 3:
      return all_of(ledger.ledger().record(std::vector<Report>{
          {.id = task_id(1), .fence = 1, .progress = R"({"done":1})", .checkpoint = "{}"}}));
    case 4:
      return apply(ledger, 1, event::Fail{.fence = 1, .error = "no answer", .retry_after = 1s});
    case 5:
      clock_.advance(1h);
      return apply(ledger, 1, event::Due{});
    case 6:
      return claim(ledger, 1);
    case 7:
      return apply(ledger, 1, event::Succeed{.fence = 2, .result = R"({"sum":7})"});
    case 8:
      return claim(ledger, 2);
    case 9:
      return apply(ledger, 2, event::Succeed{.fence = 1});
    case 10:
      return status_of(ledger.ledger().insert(std::vector{one_that_is_told_of()}));
    case 11:
      return claim(ledger, 3);
    case 12:
      // With its end comes the notification, or neither.
      return apply(ledger, 3,
                   event::Fail{.fence = 1, .failure_class = FailureClass::permanent, .error = "x"});
    default:
      return status_of(ledger.ledger().remove(first, kTimeMax));
  }
}

Result<std::string> TaskLife::describe(SqliteLedger& ledger) {
  std::string text;
  const auto sink = [&](std::string_view line) {
    text += std::string(line) + "\n";
    return Status();
  };
  if (Status done = ledger.admin().export_tasks(sink); !done) return fail(done.error());
  const auto reported = ledger.reader().reported(task_id(1));
  if (reported) text += reported->progress + reported->checkpoint;
  const auto stats = ledger.admin().stats();
  if (!stats) return fail(stats.error());
  return text + " events " + std::to_string(stats->events_kept) + " spent " +
         std::to_string(stats->spent_keys);
}

}  // namespace waybill
