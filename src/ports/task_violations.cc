#include "ports/task_violations.h"

#include "core/schedule.h"

namespace waybill {
namespace {

/// The violations of one task under way.
class TaskCheck {
 public:
  TaskCheck(const Task& task, const std::vector<HistoryEntry>& history)
      : task_(task), history_(history) {}

  std::vector<Violation> run() {
    if (history_.empty()) {
      found("I1", "it has no history; each accepted task has at least its creation");
      return std::move(violations_);
    }
    check_agreement();
    check_leases();
    check_status();
    check_unblocking();
    check_key();
    return std::move(violations_);
  }

 private:
  void found(std::string_view invariant, std::string message) {
    violations_.push_back({.invariant = std::string(invariant),
                           .subject = to_string(task_.id()),
                           .message = std::move(message)});
  }

  static std::string name(State state) { return std::string(to_string(state)); }

  void check_agreement() {
    const HistoryEntry& last = history_.back();
    const TaskStatus& status = task_.status;
    if (last.state != status.state) {
      found("I1", "it is " + name(status.state) + ", but its history ends as " + name(last.state));
    }
    if (last.fence != status.fence || last.attempt != status.attempt) {
      found("I2", "it has fence " + std::to_string(status.fence) + ", but its history ends with " +
                      std::to_string(last.fence));
    }
    if (status.revision + 1 != history_.size()) {
      found("I2", "it has revision " + std::to_string(status.revision) + ", but " +
                      std::to_string(history_.size()) + " entries in its history");
    }
    for (std::size_t i = 0; i < history_.size(); ++i) {
      const bool is_creation = history_[i].happening == Happening::created;
      if (is_creation != (i == 0)) found("I1", "it was not created once, and first of all");
    }
  }

  void check_leases() {
    for (std::size_t i = 1; i < history_.size(); ++i) {
      const HistoryEntry& before = history_[i - 1];
      const HistoryEntry& entry = history_[i];
      const bool claimed = entry.happening == Happening::claimed;
      if (entry.fence != before.fence + (claimed ? 1 : 0)) {
        found("I2", "fence " + std::to_string(entry.fence) + " follows " +
                        std::to_string(before.fence) + " at '" +
                        std::string(to_string(entry.happening)) + "'");
      }
      if (claimed && before.state == State::leased) {
        found("I3", "it was leased with fence " + std::to_string(entry.fence) +
                        " while it was leased with fence " + std::to_string(before.fence));
      }
      const bool stays_leased =
          entry.happening == Happening::cancel_requested ||
          (entry.happening == Happening::amended && before.state == State::leased);
      if (entry.state == State::leased && !claimed && !stays_leased) {
        found("I3", "it became leased by '" + std::string(to_string(entry.happening)) + "'");
      }
    }
  }

  void check_status() {
    const TaskStatus& status = task_.status;
    if (status.state == State::leased && (status.worker.empty() || status.started_at == Time{})) {
      found("I3", "it is leased to nobody");
    }
    if (status.attempt > status.fence) found("I2", "it has more attempts than leases");
    if (status.waiting_for > 0 && status.state != State::blocked &&
        status.state != State::cancelled) {
      found("I7", "it is " + name(status.state) + " while it waits for " +
                      std::to_string(status.waiting_for) + " other tasks");
    }
  }

  void check_unblocking() {
    std::size_t unblocked = 0;
    std::size_t blocked_anew = 0;
    for (std::size_t i = 1; i < history_.size(); ++i) {
      const bool was_blocked = history_[i - 1].state == State::blocked;
      const bool is_blocked = history_[i].state == State::blocked;
      if (was_blocked && history_[i].happening == Happening::dependency_succeeded && !is_blocked) {
        ++unblocked;
      }
      if (!was_blocked && is_blocked) ++blocked_anew;
    }
    if (unblocked > 1 + blocked_anew) found("I7", "it was unblocked more than once");
  }

  void check_key() {
    constexpr std::string_view kScan = "scan:";
    constexpr std::string_view kSchedule = "schedule:";
    const TaskRequest& request = task_.request;
    const std::string_view maker = request.created_by;
    const bool from_schedule = maker.starts_with(kSchedule);
    if (!maker.starts_with(kScan) && !from_schedule) return;
    const bool keyed = !request.dedup_key.empty() && request.dedup_scope == DedupScope::forever;
    if (!keyed || request.id != uuid_v5(kTaskNamespace, request.dedup_key)) {
      return found(from_schedule ? "I6" : "I5",
                   "it was made by " + request.created_by +
                       ", but without a key for ever that its id follows from");
    }
    if (from_schedule) check_fire(std::string(maker.substr(kSchedule.size())));
  }

  /// Whether the nominal time was owed is not known: the schedule may have been edited since.
  void check_fire(const std::string& schedule) {
    const TaskRequest& request = task_.request;
    const TaskRequest fire = task_for({.name = schedule}, request.run_at);
    if (request.dedup_key == fire.dedup_key) return;
    found("I6", "it was made by schedule " + schedule + " for " + format_time(request.run_at) +
                    ", but under the key of another fire, " + request.dedup_key);
  }

  const Task& task_;
  const std::vector<HistoryEntry>& history_;
  std::vector<Violation> violations_;
};

}  // namespace

std::vector<Violation> task_violations(const Task& task, const std::vector<HistoryEntry>& history) {
  return TaskCheck(task, history).run();
}

}  // namespace waybill
