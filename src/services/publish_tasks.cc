#include "services/publish_tasks.h"

#include <algorithm>
#include <optional>
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

// As many keep two processors and a near server busy. Each has its connections and buffers, and
// more of them than that find what they left in the processor's cache gone.
constexpr std::size_t kWorkersFirst = 4;
// More threads help who waits for a server, and only cost where the processors are busy. A store
// of a cloud takes 10 ms and more for a marker, or for several at once; one that is near, and has
// little else to do, a tenth of that.
constexpr Duration kNearMarkersMax = std::chrono::milliseconds(10);
constexpr Duration kNearPublishMax = std::chrono::milliseconds(30);
constexpr std::size_t kMarkersAtOnce = 16;  // a connection each

std::string marker_key(const std::string& marker) { return std::string(kMarkerPrefix) + marker; }

class Publisher {
 public:
  Publisher(const PublishPorts& ports, const PublishOptions& options, const ScanLock& lock,
            PublishReport& report)
      : ports_(ports),
        options_(options),
        lock_(lock),
        markers_url_(ports.own.url() + "/"),
        report_(report) {}

  void run();

 private:
  enum class Kind : std::uint8_t { intake, aggregate };
  /// Of the report's tasks.
  struct Range {
    std::size_t begin = 0;
    std::size_t size = 0;
  };
  struct Taken {
    PlannedTask task;
    TaskSubject subject;
  };

  void publish_all(const Range& range, Kind kind);
  /// Slow: the servers were waited for.
  Pace publish_batch(const Range& range, Kind kind);
  Taken take(std::size_t index, Kind kind);
  /// Whether it still has to be published.
  bool is_due(const PlannedTask& task);
  void confirmed(const Taken& taken, Kind kind);
  /// Of tasks that were confirmed. How long the quickest call took.
  Duration write_markers(const std::vector<const Taken*>& confirmed, Kind kind);
  void marked(const Taken& taken, Kind kind, const Status& written);
  Status write_marker(const std::string& marker);
  /// What an answer to a put of a marker means.
  Status settle_marker(const std::string& marker, Status written);
  std::size_t markers_at_once() const {
    return ports_.own.caps().puts_at_once ? std::min(kMarkersAtOnce, options_.workers) : 1;
  }
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
  const std::string markers_url_;
  Mutex mutex_;  // of report_ and what follows
  PublishReport& report_;
  std::set<std::string> marked_ GUARDED_BY(mutex_);  // only of aggregations in parts
  std::int64_t done_ GUARDED_BY(mutex_) = 0;
  std::int64_t total_ = 0;
};

void Publisher::run() {
  const std::size_t all = report_.tasks->size();
  const std::size_t intakes = report_.tasks->intakes();
  total_ = static_cast<std::int64_t>(all);
  publish_all({.begin = 0, .size = intakes}, Kind::intake);
  publish_all({.begin = intakes, .size = all - intakes}, Kind::aggregate);
  close_windows();
}

void Publisher::publish_all(const Range& range, Kind kind) {
  const std::size_t size = options_.publish_batch;
  const std::size_t batches = (range.size + size - 1) / size;
  // A thread has one message call under way, and then so many markers: half of them on average.
  const std::size_t at_once = std::min(markers_at_once(), size);
  const std::size_t most = std::max<std::size_t>(1, options_.workers / ((at_once + 1) / 2));
  const GrowingThreads threads{.first = std::min(kWorkersFirst, most), .most = most};
  in_growing_parallel(batches, threads, [&](std::size_t i) {
    const std::size_t done = i * size;
    return publish_batch({.begin = range.begin + done, .size = std::min(size, range.size - done)},
                         kind);
  });
}

Pace Publisher::publish_batch(const Range& range, Kind kind) {
  if (!may_go_on()) {
    tally([&](PublishTally& t) { t.left += static_cast<std::int64_t>(range.size); });
    return Pace::quick;
  }
  std::vector<Taken> due;  // memory is for what is under way
  due.reserve(range.size);
  for (std::size_t i = 0; i < range.size; ++i) {
    Taken taken = take(range.begin + i, kind);
    if (is_due(taken.task)) due.push_back(std::move(taken));
  }
  {
    const log::Together at_once;
    for (const auto& [task, subject] : due) log_scheduling(task, subject);
  }
  std::vector<Message> messages;
  messages.reserve(due.size());
  for (auto& [task, subject] : due) {
    messages.push_back({.id = to_string(task.id),
                        .body = std::move(task.params),
                        .attributes = {},
                        .dedup_key = markers_url_ + marker_key(task.marker)});
  }
  if (messages.empty()) return Pace::quick;
  Queue& queue = kind == Kind::intake ? *ports_.intake : *ports_.aggregate;
  SteadyTime asked = ports_.clock.steady_now();
  const Result<std::vector<Status>> answers = queue.publish(messages);
  const bool is_near = ports_.clock.steady_now() - asked <= kNearPublishMax;
  tally([](PublishTally& t) { ++t.publish_calls; });
  std::vector<const Taken*> to_mark;
  to_mark.reserve(due.size());
  for (std::size_t i = 0; i < due.size(); ++i) {
    due[i].task.params = std::move(messages[i].body);
    const Status answer = answers ? (*answers)[i] : Status(fail(answers.error()));
    if (answer) {
      confirmed(due[i], kind);
      to_mark.push_back(&due[i]);
    } else {
      tally([](PublishTally& t) { ++t.publish_failed; });
      log_publish_failed(due[i].task, answer.error());
    }
  }
  const bool is_all_near = write_markers(to_mark, kind) <= kNearMarkersMax && is_near;
  tell_progress();
  return is_all_near ? Pace::quick : Pace::slow;
}

Publisher::Taken Publisher::take(std::size_t index, Kind kind) {
  PlannedTask task = report_.tasks->take(index);
  TaskSubject subject =
      kind == Kind::intake ? subject_of(report_.tasks->batch(index)) : subject_of(task);
  return {.task = std::move(task), .subject = std::move(subject)};
}

bool Publisher::is_due(const PlannedTask& task) {
  // Without a lock that can be trusted a rival may have done it since the markers were listed.
  if (ports_.own.caps().conditional_put) return true;
  const bool is_there = ports_.own.get(marker_key(task.marker)).has_value();
  tally([&](PublishTally& t) {
    ++t.look_calls;
    t.duplicates_avoided += is_there ? 1 : 0;
  });
  return !is_there;
}

void Publisher::confirmed(const Taken& taken, Kind kind) {
  const auto& [task, subject] = taken;
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
}

Duration Publisher::write_markers(const std::vector<const Taken*>& confirmed, Kind kind) {
  const std::size_t at_once = markers_at_once();
  std::optional<Duration> quickest;
  std::vector<ObjectPut> puts;
  for (std::size_t begin = 0; begin < confirmed.size(); begin += at_once) {
    const auto some =
        std::span(confirmed).subspan(begin, std::min(at_once, confirmed.size() - begin));
    puts.clear();
    for (const Taken* taken : some) {
      const std::string& marker = taken->task.marker;
      puts.push_back({.key = marker_key(marker), .body = marker});
      log::debug("writing_marker", "writing task marker to " + markers_url_ + puts.back().key);
    }
    tally([&](PublishTally& t) { t.marker_calls += static_cast<std::int64_t>(some.size()); });
    const SteadyTime asked = ports_.clock.steady_now();
    const std::vector<Status> written = ports_.own.put_all_if_absent(puts);
    const Duration took = ports_.clock.steady_now() - asked;
    quickest = std::min(took, quickest.value_or(took));
    for (std::size_t i = 0; i < some.size(); ++i) {
      marked(*some[i], kind, settle_marker(some[i]->task.marker, written[i]));
    }
  }
  return quickest.value_or(Duration(0));
}

void Publisher::marked(const Taken& taken, Kind kind, const Status& written) {
  const auto& [task, subject] = taken;
  if (!written) {
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
  log::debug("writing_marker", "writing task marker to " + markers_url_ + key);
  return settle_marker(marker, ports_.own.put_if_absent(key, marker));
}

Status Publisher::settle_marker(const std::string& marker, Status written) {
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
