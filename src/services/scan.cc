#include "services/scan.h"

#include <algorithm>
#include <map>
#include <set>
#include <span>
#include <string_view>
#include <utility>

#include "base/check.h"
#include "base/mutex.h"
#include "services/listing_end.h"
#include "services/parallel.h"

namespace waybill {
namespace {

constexpr std::int64_t kMarkersPerReport = 100;
/// Writes of markers under way at a time, where the bucket makes one wait for longer than that.
constexpr std::size_t kMarkersAtOnce = 32;
constexpr Duration kNearMarkerMax = std::chrono::milliseconds(2);

/// Adds the time of a scope to a phase.
class Stopwatch {
 public:
  Stopwatch(const Clock& clock, Duration& total)
      : clock_(clock), total_(total), since_(clock.steady_now()) {}
  ~Stopwatch() { total_ += clock_.steady_now() - since_; }
  Stopwatch(const Stopwatch&) = delete;
  Stopwatch& operator=(const Stopwatch&) = delete;

 private:
  const Clock& clock_;
  Duration& total_;
  const SteadyTime since_;
};

/// One run of run_scan.
class Pass {
 public:
  Pass(const ScanDefinition& scan, const std::map<std::string, TaskDefinition>& tasks,
       const ScanPorts& ports, const ScanOptions& options)
      : scan_(scan), tasks_(tasks), ports_(ports), options_(options) {}

  Result<ScanReport> run();

 private:
  Status check_definitions() const;
  Status plan();
  Status check_buckets();
  Status list(const ScanListing& listing, ScanPlanner& planner);
  Result<ObjectStore*> bucket(const std::string& url);
  TaskRequest request_for(const ScannedTask& scanned) const;
  bool check(const TaskRequest& request, ScannedTask& task) const;
  void check_all();
  void insert_all();
  bool is_covered(ScannedTask& task);
  const Result<Uuid>& holder_of(const std::string& marker);
  void tell_covered();
  bool insert_batch(std::span<const TaskRequest> requests, std::span<ScannedTask*> scanned);
  void mark_all();
  Status write(ObjectStore& markers, const std::string& marker, MarkerOutcome& outcome);
  void close_windows(ObjectStore& markers);
  Duration& time_of(ScanPhase phase) { return report_.took[static_cast<std::size_t>(phase)]; }
  void tell(ScanPhase phase, std::int64_t done, std::int64_t total) const {
    if (options_.progress) options_.progress(phase, done, total);
  }

  const ScanDefinition& scan_;
  const std::map<std::string, TaskDefinition>& tasks_;
  const ScanPorts& ports_;
  const ScanOptions& options_;
  std::map<std::string, std::shared_ptr<ObjectStore>> buckets_;  // by URL, opened once a scan
  std::string prefix_;                           // of the keys: the markers' bucket and folder
  std::map<std::string, Result<Uuid>> holders_;  // by marker: who was found to have its key
  ScanReport report_;
};

Result<ScanReport> Pass::run() {
  report_.scan = scan_.name;
  report_.mode = options_.mode;
  report_.now = options_.now.value_or(ports_.clock.now());
  if (Status checked = check_definitions(); !checked) return fail(checked.error());
  if (Status planned = plan(); !planned) return fail(planned.error());
  if (Status checked = check_buckets(); !checked) return fail(checked.error());
  if (options_.mode == ScanMode::dry_run) {
    check_all();
    return std::move(report_);
  }
  insert_all();
  mark_all();
  return std::move(report_);
}

Status Pass::check_definitions() const {
  if (Status checked = check_scan(scan_); !checked) return checked;
  for (const std::string& task : tasks_of(scan_)) {
    if (tasks_.contains(task)) continue;
    return fail(Code::not_found,
                "it makes tasks of the definition '" + task + "', which is missing: define it");
  }
  return {};
}

Status Pass::plan() {
  const std::unique_ptr<ScanPlanner> planner = make_planner(scan_, report_.now);
  for (auto listings = planner->listings(); !listings.empty(); listings = planner->listings()) {
    for (const ScanListing& listing : listings) {
      if (Status listed = list(listing, *planner); !listed) return listed;
    }
  }
  const Stopwatch watch(ports_.clock, time_of(ScanPhase::plan));
  Plan plan = planner->finish();
  report_.skipped = std::move(plan.skipped);
  report_.counts = std::move(plan.counts);
  report_.warnings = std::move(plan.warnings);
  for (ClosingMarker& closing : plan.closing) {
    report_.closing.push_back({.planned = std::move(closing)});
  }
  const Result<ObjectStore*> markers = bucket(marker_url(scan_));
  if (!markers) return fail(markers.error());
  prefix_ = (*markers)->url() + "/" + std::string(kMarkerPrefix);
  report_.tasks.reserve(plan.tasks.size());
  for (PlannedTask& task : plan.tasks) {
    std::string key = prefix_ + task.marker;
    const Uuid id = uuid_v5(kTaskNamespace, key);
    report_.tasks.push_back({.planned = std::move(task), .key = std::move(key), .id = id});
  }
  const auto planned = static_cast<std::int64_t>(report_.tasks.size());
  tell(ScanPhase::plan, planned, planned);
  return {};
}

Status Pass::check_buckets() {
  // A bucket that this plan did not look at, because nothing asked for it yet, must be there too:
  // a missing one is told of now and not when the first batch comes.
  for (const std::string& url : bucket_urls(scan_)) {
    if (buckets_.contains(url)) continue;
    const Result<ObjectStore*> store = bucket(url);
    if (!store) return fail(store.error());
    const Result<ListPage> page = (*store)->list({.prefix = std::string(kMarkerPrefix) + "none/"});
    if (!page) return fail(with_context(page.error(), "listing " + url));
  }
  return {};
}

Status Pass::list(const ScanListing& listing, ScanPlanner& planner) {
  const Result<std::string> url = bucket_url(scan_, listing.source);
  if (!url) return fail(url.error());
  const Result<ObjectStore*> store = bucket(*url);
  if (!store) return fail(store.error());
  ListParams params{.prefix = listing.prefix,
                    .start_after = listing.start_after,
                    .end_before = listing.end_before,
                    .delimiter = listing.delimiter,
                    .detail = listing.wants_times ? ListDetail::full : ListDetail::keys_only};
  ListingEnd end;
  do {
    if (options_.stop.stop_requested()) return fail(Code::cancelled, "the scan was asked to stop");
    Result<ListPage> page = [&] {
      const Stopwatch watch(ports_.clock, time_of(ScanPhase::list));
      return (*store)->list(params);
    }();
    if (!page) return fail(with_context(page.error(), "listing " + *url));
    const Stopwatch watch(ports_.clock, time_of(ScanPhase::plan));
    for (const ObjectInfo& object : page->objects) {
      planner.object(listing, object.key, object.modified_at);
    }
    for (const std::string& prefix : page->prefixes) planner.prefix(listing, prefix);
    report_.objects_listed += static_cast<std::int64_t>(page->objects.size());
    tell(ScanPhase::list, report_.objects_listed, 0);
    auto token = end.next(std::move(page->next_token));
    if (!token) return fail(with_context(token.error(), "listing " + *url));
    params.token = *std::move(token);
  } while (!params.token.empty());
  return {};
}

Result<ObjectStore*> Pass::bucket(const std::string& url) {
  if (const auto opened = buckets_.find(url); opened != buckets_.end()) {
    return opened->second.get();
  }
  Result<std::shared_ptr<ObjectStore>> store = ports_.open_bucket(url);
  if (!store) return fail(with_context(store.error(), "opening bucket " + url));
  return buckets_.emplace(url, std::move(*store)).first->second.get();
}

TaskRequest Pass::request_for(const ScannedTask& scanned) const {
  const PlannedTask& planned = scanned.planned;
  TaskRequest request = make_request(tasks_.at(planned.task), planned.params);
  request.id = scanned.id;
  request.dedup_key = scanned.key;
  request.dedup_scope = DedupScope::forever;
  request.created_by = "scan:" + scan_.name;
  return request;
}

/// False, with the reason in `task`, for what can never be accepted.
bool Pass::check(const TaskRequest& request, ScannedTask& task) const {
  Status checked = check_request(request);
  if (checked && ports_.check_task) checked = ports_.check_task(request);
  if (checked) return true;
  task.outcome = ScanOutcome::failed;
  task.error = checked.error().message;
  task.refused = true;
  return false;
}

void Pass::check_all() {
  for (ScannedTask& task : report_.tasks) check(request_for(task), task);
}

void Pass::insert_all() {
  const Stopwatch watch(ports_.clock, time_of(ScanPhase::insert));
  const auto total = static_cast<std::int64_t>(report_.tasks.size());
  std::vector<TaskRequest> requests;
  std::vector<ScannedTask*> scanned;
  std::int64_t done = 0;
  for (ScannedTask& task : report_.tasks) {
    ++done;
    if (!is_covered(task)) {
      TaskRequest request = request_for(task);
      if (check(request, task)) {
        requests.push_back(std::move(request));
        scanned.push_back(&task);
      }
    }
    if (requests.size() < options_.insert_batch && done < total) continue;
    // A ledger that refuses one batch will refuse the next: the rest is left to the next scan.
    if (options_.stop.stop_requested() || !insert_batch(requests, scanned)) return;
    requests.clear();
    scanned.clear();
    tell(ScanPhase::insert, done, total);
  }
}

/// Whether a wider task has this one's work, or nobody can tell; the outcome then says so.
bool Pass::is_covered(ScannedTask& task) {
  for (const std::string& wider : task.planned.within) {
    const Result<Uuid>& holder = holder_of(wider);
    if (!holder) {
      task.outcome = ScanOutcome::failed;
      task.error = with_context(holder.error(), "looking for the task of " + wider).message;
      return true;
    }
    if (holder->is_nil()) continue;
    task.outcome = ScanOutcome::duplicate;
    task.covered_by = wider;
    task.key = prefix_ + wider;
    task.id = *holder;
    return true;
  }
  return false;
}

/// Many parts lie within the same windows: each of those is asked for once.
const Result<Uuid>& Pass::holder_of(const std::string& marker) {
  WAYBILL_CHECK(ports_.dedup_keys != nullptr,
                "a scan that inserts parts asks who has their window");
  const auto known = holders_.find(marker);
  if (known != holders_.end()) return known->second;
  return holders_.emplace(marker, ports_.dedup_keys->holder(prefix_ + marker)).first->second;
}

bool Pass::insert_batch(std::span<const TaskRequest> requests, std::span<ScannedTask*> scanned) {
  if (requests.empty()) return true;
  const Result<std::vector<Inserted>> inserted = ports_.ledger.insert(requests);
  for (std::size_t i = 0; i < scanned.size(); ++i) {
    if (!inserted) {
      scanned[i]->outcome = ScanOutcome::failed;
      scanned[i]->error = with_context(inserted.error(), "inserting the task").message;
    } else {
      const bool is_new = (*inserted)[i].outcome == InsertOutcome::inserted;
      scanned[i]->outcome = is_new ? ScanOutcome::inserted : ScanOutcome::duplicate;
    }
  }
  return inserted.has_value();
}

void Pass::mark_all() {
  const Stopwatch watch(ports_.clock, time_of(ScanPhase::mark));
  ObjectStore& markers = *buckets_.at(marker_url(scan_));
  std::vector<ScannedTask*> due;
  for (ScannedTask& task : report_.tasks) {
    const bool is_accepted =
        task.outcome == ScanOutcome::inserted || task.outcome == ScanOutcome::duplicate;
    if (is_accepted) due.push_back(&task);
  }
  Mutex telling;
  std::int64_t done = 0;  // under that mutex
  const auto mark = [&](std::size_t i) {
    if (options_.stop.stop_requested()) return Pace::quick;
    const SteadyTime asked = ports_.clock.steady_now();
    const Status marked = write(markers, due[i]->marker_name(), due[i]->marker);
    if (!marked) due[i]->error = marked.error().message;
    const Duration took = ports_.clock.steady_now() - asked;
    const Lock lock(telling);
    ++done;
    const auto total = static_cast<std::int64_t>(due.size());
    if (done % kMarkersPerReport == 0 || done == total) tell(ScanPhase::mark, done, total);
    return took > kNearMarkerMax ? Pace::slow : Pace::quick;
  };
  in_growing_parallel(due.size(), {.first = 1, .most = kMarkersAtOnce}, mark);
  tell_covered();
  close_windows(markers);
}

/// Once for each window whose lost marker is there again.
void Pass::tell_covered() {
  std::map<std::string_view, const ScannedTask*> covered;
  for (const ScannedTask& task : report_.tasks) {
    if (!task.covered_by.empty() && is_marked(task.marker)) covered.emplace(task.covered_by, &task);
  }
  for (const auto& [marker, task] : covered) {
    report_.warnings.push_back(std::string(marker) + " was lost, and is written again: task " +
                               to_string(task->id) +
                               " was made for all of it. What was validated after that task was "
                               "made is in no sum, and no later scan names it");
  }
}

Status Pass::write(ObjectStore& markers, const std::string& marker, MarkerOutcome& outcome) {
  const Status written = markers.put_if_absent(std::string(kMarkerPrefix) + marker, marker);
  if (written) {
    outcome = MarkerOutcome::written;
  } else if (written.error().code == Code::already_exists) {
    outcome = MarkerOutcome::present;
  } else if (written.error().code != Code::cancelled) {
    outcome = MarkerOutcome::failed;
    return fail(with_context(written.error(), "writing marker " + marker));
  }
  return {};
}

void Pass::close_windows(ObjectStore& markers) {
  if (report_.closing.empty()) return;
  std::set<std::string_view> unmarked;
  for (const ScannedTask& task : report_.tasks) {
    if (!is_marked(task.marker)) unmarked.insert(task.planned.marker);
  }
  for (ScannedClosing& closing : report_.closing) {
    if (options_.stop.stop_requested()) return;
    const std::vector<std::string>& after = closing.planned.after;
    closing.waits = std::any_of(after.begin(), after.end(), [&](const std::string& marker) {
      return unmarked.contains(marker);
    });
    if (closing.waits) continue;
    const Status written = write(markers, closing.planned.marker, closing.marker);
    if (!written) {
      report_.warnings.push_back(written.error().message +
                                 "; all parts of its window are scheduled, and the next pass "
                                 "tries again");
    }
  }
}

}  // namespace

Result<ScanReport> run_scan(const ScanDefinition& scan,
                            const std::map<std::string, TaskDefinition>& tasks,
                            const ScanPorts& ports, const ScanOptions& options) {
  Result<ScanReport> report = Pass(scan, tasks, ports, options).run();
  if (!report) return fail(with_context(report.error(), "scan " + scan.name));
  return report;
}

}  // namespace waybill
