#include "core/why.h"

#include <algorithm>
#include <utility>

#include "core/name_filter.h"

namespace waybill {
namespace {

std::string in_time(Time then, Time now) {
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(then - now);
  return "at " + format_time(std::chrono::floor<std::chrono::seconds>(then)) + " (in " +
         format_duration(std::max<Duration>(seconds, Duration::zero())) + ")";
}

std::string count(std::size_t number, std::string_view one) {
  return std::to_string(number) + " " + std::string(one) + (number == 1 ? "" : "s");
}

/// Collects conditions for one task.
class Reasoner {
 public:
  explicit Reasoner(const WhyParams& params) : params_(params) {}

  std::vector<WhyCondition> reason() {
    switch (status().state) {
      case State::blocked:
        blocked();
        queue_conditions();
        break;
      case State::scheduled:
        scheduled();
        queue_conditions();
        break;
      case State::ready:
        ready();
        break;
      case State::leased:
        leased();
        break;
      case State::succeeded:
      case State::failed:
      case State::cancelled:
        finished();
        break;
    }
    return std::move(conditions_);
  }

 private:
  const TaskStatus& status() const { return params_.task.status; }
  std::string id() const { return to_string(params_.task.id()); }

  void add(WhyReason reason, std::string sentence, std::string advice = "",
           std::optional<Time> earliest = std::nullopt) {
    conditions_.push_back({reason, std::move(sentence), std::move(advice), earliest});
  }

  void finished() {
    std::string sentence =
        "it " + std::string(to_string(status().state)) + " at " + format_time(status().finished_at);
    if (status().state == State::succeeded) return add(WhyReason::finished, sentence);
    if (status().state == State::cancelled) {
      sentence = "it was cancelled at " + format_time(status().finished_at);
    }
    if (!status().error.empty()) sentence += ": " + status().error;
    const std::string look = status().attempt > 0 ? "waybill task logs " + id() + "; " : "";
    add(WhyReason::finished, sentence, look + "waybill task retry " + id());
  }

  void blocked() {
    for (const WhyDependency& dependency : params_.dependencies) {
      if (!is_finished(dependency.state) || dependency.state == State::succeeded) continue;
      add(WhyReason::dependency_failed,
          "it waits for " + to_string(dependency.id) + ", which " +
              (dependency.state == State::failed ? "failed" : "was cancelled"),
          "waybill task retry " + to_string(dependency.id));
    }
    for (const WhyDependency& dependency : params_.dependencies) {
      if (is_finished(dependency.state)) continue;
      add(WhyReason::dependency_pending,
          "it waits for " + to_string(dependency.id) + ", which is " +
              std::string(to_string(dependency.state)),
          "waybill task why " + to_string(dependency.id), earliest_end(dependency));
    }
    if (conditions_.empty()) {
      add(WhyReason::dependency_failed,
          "it waits for " + count(status().waiting_for, "task") +
              " that ended without success and that retention has removed since",
          "waybill task cancel " + id());
    }
  }

  /// Of a task that is ready or blocked it depends on more than is known here.
  std::optional<Time> earliest_end(const WhyDependency& dependency) const {
    if (dependency.state == State::leased) return params_.now;
    if (dependency.state != State::scheduled) return std::nullopt;
    return std::max(dependency.run_at, params_.now);
  }

  void scheduled() {
    const Time run_at = status().run_at;
    if (run_at <= params_.now) {
      return add(WhyReason::due,
                 "it is due since " + format_time(run_at) + ", and no rescuer has made it ready",
                 "waybill up", params_.now);
    }
    const std::string when = in_time(run_at, params_.now);
    if (status().attempt == 0 || params_.last_happening == Happening::amended) {
      return add(WhyReason::delayed, "it is to be run " + when + ", not before", "", run_at);
    }
    const bool never_failed = status().failures == 0 || status().error.empty();
    if (params_.last_happening == Happening::snoozed || never_failed) {
      return add(WhyReason::snoozed, "it asked to be run again " + when, "", run_at);
    }
    add(WhyReason::backing_off,
        "it failed " + std::to_string(status().failures) + " of " +
            std::to_string(params_.task.request.retry.failures_max) + " times and is tried again " +
            when + "; the last error: " + status().error,
        "waybill task logs " + id(), run_at);
  }

  void ready() {
    queue_conditions();
    if (!conditions_.empty()) return;
    add(WhyReason::starting,
        params_.ahead == 0
            ? "nothing is in its way: it starts next"
            : "nothing is in its way but " + count(params_.ahead, "task") + " that go before it",
        "", params_.now);
  }

  /// What the queue and its workers say, whatever the task's own state.
  void queue_conditions() {
    const QueueSettings& queue = params_.queue;
    const std::string& name = params_.task.request.queue;
    if (queue.paused) {
      add(WhyReason::queue_paused, "its queue " + name + " is paused",
          "waybill queue resume " + name);
    }
    if (queue.concurrency_max > 0 && params_.leased_in_queue >= queue.concurrency_max) {
      add(WhyReason::concurrency_limit,
          "its queue " + name + " runs " + std::to_string(params_.leased_in_queue) +
              " of at most " + std::to_string(queue.concurrency_max) + " tasks at a time" + ahead(),
          "", params_.now);
    }
    worker_conditions();
  }

  void worker_conditions() {
    const std::string& queue = params_.task.request.queue;
    const std::string& kind = params_.task.request.kind;
    std::size_t of_queue = 0;
    std::size_t able = 0;
    std::uint32_t slots = 0;
    std::uint32_t busy = 0;
    for (const WhyWorker& worker : params_.workers) {
      if (params_.now - worker.seen_at > params_.silence_max) continue;
      if (!accepts(worker.queues, queue)) continue;
      ++of_queue;
      if (!accepts(worker.kinds, kind)) continue;
      ++able;
      slots += worker.slots;
      busy += worker.busy;
    }
    if (of_queue == 0) {
      add(WhyReason::no_worker, "no worker serves its queue " + queue,
          "waybill worker --queues " + queue);
    } else if (able == 0) {
      add(WhyReason::no_worker_for_kind,
          "no worker of its queue " + queue + " can run tasks of kind " + kind);
    } else if (slots > 0 && busy >= slots) {
      add(WhyReason::workers_busy,
          "all " + std::to_string(slots) + " slots of " + count(able, "worker") + " are busy" +
              ahead(),
          "", params_.now);
    }
  }

  std::string ahead() const {
    if (status().state != State::ready) return "";
    if (params_.ahead == 0) return "; it is next";
    return "; " + count(params_.ahead, "task") + (params_.ahead == 1 ? " goes" : " go") +
           " before it";
  }

  void leased() {
    const std::string& worker = status().worker;
    const Time until = status().lease_until;
    if (until <= params_.now) {
      return add(WhyReason::lease_overdue,
                 "its worker " + worker + " fell silent, its lease ended at " + format_time(until) +
                     ", and no rescuer has taken it back",
                 "waybill up", params_.now);
    }
    if (status().cancel.requested()) {
      return add(WhyReason::cancelling,
                 "its worker " + worker + " was asked to end it at " +
                     format_time(status().cancel.requested_at) +
                     "; if that worker is dead it ends " + in_time(until, params_.now),
                 "", params_.now);
    }
    add(WhyReason::running,
        "it runs on " + worker + " since " + format_time(status().started_at) + " (attempt " +
            std::to_string(status().attempt) + ") " + time_limit() + "; unless " + worker +
            " extends it, its lease ends " + in_time(until, params_.now),
        "waybill task logs --follow " + id(), params_.now);
  }

  std::string time_limit() const {
    const Duration limit = params_.task.request.run_time_max;
    if (limit == Duration(0)) return "and can end at any moment";
    const Time end = status().started_at + limit;
    if (end > params_.now) {
      return "and can end at any moment, at the latest " + in_time(end, params_.now);
    }
    return "and is being stopped: its timeout of " + format_duration(limit) + " ended at " +
           format_time(end);
  }

  const WhyParams& params_;
  std::vector<WhyCondition> conditions_;
};

}  // namespace

std::string_view to_string(WhyReason reason) {
  switch (reason) {
    case WhyReason::finished:
      return "finished";
    case WhyReason::dependency_pending:
      return "dependency_pending";
    case WhyReason::dependency_failed:
      return "dependency_failed";
    case WhyReason::delayed:
      return "delayed";
    case WhyReason::backing_off:
      return "backing_off";
    case WhyReason::snoozed:
      return "snoozed";
    case WhyReason::due:
      return "due";
    case WhyReason::queue_paused:
      return "queue_paused";
    case WhyReason::concurrency_limit:
      return "concurrency_limit";
    case WhyReason::no_worker:
      return "no_worker";
    case WhyReason::no_worker_for_kind:
      return "no_worker_for_kind";
    case WhyReason::workers_busy:
      return "workers_busy";
    case WhyReason::starting:
      return "starting";
    case WhyReason::running:
      return "running";
    case WhyReason::cancelling:
      return "cancelling";
    case WhyReason::lease_overdue:
      return "lease_overdue";
    case WhyReason::allowed:
      return "allowed";
    case WhyReason::not_allowed:
      return "not_allowed";
    case WhyReason::permission_unknown:
      return "permission_unknown";
  }
  return "unknown";
}

std::vector<WhyCondition> why(const WhyParams& params) { return Reasoner(params).reason(); }

}  // namespace waybill
