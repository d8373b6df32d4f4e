#include "services/publish_tasks.h"

#include <algorithm>
#include <set>
#include <span>
#include <string>
#include <utility>

#include "base/log.h"
#include "base/mutex.h"
#include "services/parallel.h"
#include "services/publish_log.h"

namespace waybill {
namespace {

std::string marker_key(const std::string& marker) { return std::string(kMarkerPrefix) + marker; }

class Publisher {
 public:
  Publisher(const PublishPorts& ports, const PublishOptions& options, const ScanLock& lock,
            PublishReport& report)
      : ports_(ports), options_(options), lock_(lock), report_(report) {}

  void run();

 private:
  enum class Kind : std::uint8_t { intake, aggregate };
  using Tasks = std::span<PlannedTask>;

  void publish_all(Tasks tasks, Kind kind);
  void publish_batch(Tasks tasks, Kind kind);
  /// Those of the batch that still have to be published.
  std::vector<PlannedTask*> unmarked(Tasks tasks);
  void confirmed(PlannedTask& task, Kind kind);
  Status write_marker(const std::string& marker);
  bool all_marked(const ClosingMarker& closing) EXCLUDES(mutex_);
  void close_windows();
  bool may_go_on() const { return !options_.stop.stop_requested() && lock_.is_held(); }
  void count(const char* name, const std::string& aggregation_id, std::int64_t by)
      REQUIRES(mutex_) {
    report_.counts[labelled(name, "aggregation_id", aggregation_id)] += by;
  }
  template <class Change>
  void tally(const Change& change) EXCLUDES(mutex_) {
    const Lock lock(mutex_);
    change(report_.tally);
  }
  void tell_progress() EXCLUDES(mutex_);

  const PublishPorts& ports_;
  const PublishOptions& options_;
  const ScanLock& lock_;
  Mutex mutex_;  // of report_ and what follows
  PublishReport& report_;
  std::set<std::string> marked_ GUARDED_BY(mutex_);  // only of aggregations in parts
  std::int64_t done_ GUARDED_BY(mutex_) = 0;
  std::int64_t total_ = 0;
};

void Publisher::run() {
  std::vector<PlannedTask> tasks = std::move(report_.plan.tasks);
  report_.plan.tasks.clear();
  total_ = static_cast<std::int64_t>(tasks.size());
  const auto aggregates = std::find_if(tasks.begin(), tasks.end(), [&](const PlannedTask& task) {
    return task.task == options_.scan.aggregate_task;
  });
  const auto intakes = static_cast<std::size_t>(aggregates - tasks.begin());
  publish_all(Tasks(tasks).first(intakes), Kind::intake);
  publish_all(Tasks(tasks).subspan(intakes), Kind::aggregate);
  close_windows();
}

void Publisher::publish_all(Tasks tasks, Kind kind) {
  const std::size_t size = options_.publish_batch;
  const std::size_t batches = (tasks.size() + size - 1) / size;
  in_parallel(batches, options_.workers, [&](std::size_t i) {
    publish_batch(tasks.subspan(i * size, std::min(size, tasks.size() - i * size)), kind);
  });
}

void Publisher::publish_batch(Tasks tasks, Kind kind) {
  if (!may_go_on()) {
    return tally([&](PublishTally& t) { t.left += static_cast<std::int64_t>(tasks.size()); });
  }
  const std::vector<PlannedTask*> due = unmarked(tasks);
  std::vector<Message> messages;
  for (PlannedTask* task : due) {
    log_scheduling(*task);
    messages.push_back({.id = to_string(task->id),
                        .body = std::move(task->params),
                        .attributes = {},
                        .dedup_key = ports_.own.url() + "/" + marker_key(task->marker)});
  }
  if (messages.empty()) return;
  Queue& queue = kind == Kind::intake ? *ports_.intake : *ports_.aggregate;
  const Result<std::vector<Status>> answers = queue.publish(messages);
  tally([](PublishTally& t) { ++t.publish_calls; });
  for (std::size_t i = 0; i < due.size(); ++i) {
    due[i]->params = std::move(messages[i].body);
    const Status answer = answers ? (*answers)[i] : Status(fail(answers.error()));
    if (answer) {
      confirmed(*due[i], kind);
    } else {
      tally([](PublishTally& t) { ++t.publish_failed; });
      log_publish_failed(*due[i], answer.error());
    }
    *due[i] = {};  // memory is for what is still to come
  }
  tell_progress();
}

std::vector<PlannedTask*> Publisher::unmarked(Tasks tasks) {
  std::vector<PlannedTask*> due;
  for (PlannedTask& task : tasks) {
    // Without a lock that can be trusted a rival may have done it since the markers were listed.
    if (!ports_.own.caps().conditional_put && ports_.own.get(marker_key(task.marker))) {
      tally([](PublishTally& t) { ++t.duplicates_avoided; });
      continue;
    }
    due.push_back(&task);
  }
  return due;
}

void Publisher::confirmed(PlannedTask& task, Kind kind) {
  const TaskSubject subject = subject_of(task);
  {
    const Lock lock(mutex_);
    ++report_.tally.published;
    report_.tally.bytes_published += static_cast<std::int64_t>(task.params.size());
    // workflow-manager counts an aggregation that was published, an intake that was marked too.
    if (kind == Kind::aggregate) {
      count("aggregation_tasks_scheduled", subject.aggregation_id, 1);
      count("number_of_batches_in_aggregation", subject.aggregation_id,
            static_cast<std::int64_t>(subject.batches));
    }
  }
  if (const Status written = write_marker(task.marker); !written) {
    tally([](PublishTally& t) { ++t.marker_failed; });
    return log_marker_failed(task, written.error());
  }
  const Lock lock(mutex_);
  ++report_.tally.marked;
  if (kind == Kind::intake) {
    count("intake_tasks_scheduled", subject.aggregation_id, 1);
  } else if (!report_.plan.closing.empty()) {
    marked_.insert(task.marker);
  }
}

Status Publisher::write_marker(const std::string& marker) {
  tally([](PublishTally& t) { ++t.marker_calls; });
  const std::string key = marker_key(marker);
  log::debug("writing_marker", "writing task marker to " + ports_.own.url() + "/" + key);
  const Status written = ports_.own.put_if_absent(key, marker);
  if (written || written.error().code != Code::already_exists) return written;
  log::warn("marker_present",
            "a marker was there already: another scanner, which does not know the scan lock, is at "
            "work; the task's message may be there twice, with ids of their own",
            {{"marker", marker}});
  return {};
}

bool Publisher::all_marked(const ClosingMarker& closing) {
  const Lock lock(mutex_);
  for (const std::string& marker : closing.after) {
    if (!marked_.contains(marker)) return false;
  }
  return true;
}

void Publisher::close_windows() {
  for (const ClosingMarker& closing : report_.plan.closing) {
    if (!all_marked(closing)) continue;  // told of where it failed; the next run does the rest
    if (!may_go_on()) {
      tally([](PublishTally& t) { ++t.left; });
      continue;
    }
    const Status written = write_marker(closing.marker);
    if (written) continue;
    tally([](PublishTally& t) { ++t.marker_failed; });
    log::error("marker_failed", "failed to write aggregation task marker",
               {{"error", written.error().message}, {"marker", closing.marker}});
  }
}

void Publisher::tell_progress() {
  if (!options_.progress) return;
  const Lock lock(mutex_);
  done_ = report_.tally.published + report_.tally.publish_failed;
  options_.progress(PublishPhase::publish, done_, total_);
}

}  // namespace

void publish_tasks(const PublishPorts& ports, const PublishOptions& options, const ScanLock& lock,
                   PublishReport& report) {
  Publisher(ports, options, lock, report).run();
}

}  // namespace waybill
