#include "kinds/archive/warc/capture_run.h"

#include <algorithm>
#include <boost/json.hpp>
#include <thread>
#include <utility>
#include <vector>

#include "base/json.h"
#include "core/fetch/url_reference.h"
#include "core/size.h"
#include "kinds/archive/outcomes.h"

namespace waybill {
namespace {

constexpr Duration kCaptureTellEvery = std::chrono::milliseconds(500);
constexpr Duration kCaptureBackoff = std::chrono::seconds(1);
constexpr Duration kCaptureWaitMax = std::chrono::minutes(5);

bool says_later(int status) { return status == 429 || status == 503; }

bool may_pass(const Error& error) {
  if (is_no_turn(error)) return true;
  const Outcome outcome = outcome_of(error);
  const auto* failed = std::get_if<outcome::Failed>(&outcome);
  return failed != nullptr && failed->failure_class == FailureClass::transient;
}

}  // namespace

CaptureRun::CaptureRun(Ports ports)
    : ports_(std::move(ports)),
      visits_{.bytes_max = ports_.order.url_bytes_max,
              .time_max = ports_.order.url_time_max,
              .bytes_per_second_min = ports_.desk.downloads.bytes_per_second_min,
              .slow_max = ports_.desk.downloads.slow_max},
      web_(ports_.desk, ports_.order.manners),
      frontier_({.per_host = ports_.order.manners.per_host,
                 .delay = ports_.order.manners.delay,
                 .retries_per_host = ports_.order.retries_per_host},
                ports_.desk.clock) {}

Status CaptureRun::run() {
  const auto before = ports_.store.state().done;
  for (std::size_t number = 0; number < ports_.order.urls.size(); ++number) {
    const bool is_new = !before.contains(number) &&
                        frontier_.add({.number = number, .url = ports_.order.urls[number]});
    if (!is_new) ++done_;
  }
  const std::stop_token stop = ports_.context.stop();
  {
    const std::stop_callback wake(stop, [this] { frontier_.stop(); });
    std::vector<std::jthread> threads;
    for (int i = 0; i < ports_.order.concurrency; ++i) threads.emplace_back([this] { work(); });
  }
  if (stop.stop_requested()) return fail(Code::cancelled, "asked to stop");
  const Lock lock(mutex_);
  return error_ ? Status(fail(*error_)) : Status();
}

void CaptureRun::work() {
  Recorder recorder(ports_.store, ports_.context.scratch_directory(), ports_.prefix, next_id_);
  while (const auto job = frontier_.take()) {
    if (Status visited = visit(*job, recorder); !visited) {
      give_up(visited.error());
      return;
    }
    tell();
  }
}

void CaptureRun::give_up(const Error& error) {
  {
    const Lock lock(mutex_);
    if (!error_) error_ = error;
  }
  frontier_.stop();
}

void CaptureRun::tell() {
  const SteadyTime now = ports_.desk.clock.steady_now();
  const std::size_t done = done_;
  const std::size_t all = ports_.order.urls.size();
  const Lock lock(mutex_);
  if (now < tell_at_ && done != all) return;
  tell_at_ = now + kCaptureTellEvery;
  ports_.context.progress(json::serialize(boost::json::object{
      {"done", done}, {"of", all}, {"unit", "urls"}, {"message", "capturing"}}));
}

Status CaptureRun::check_room() const {
  if (ports_.store.size_bytes() > ports_.order.bytes_max) {
    return fail(Code::out_of_range, "the capture has more than the limit of " +
                                        format_size(ports_.order.bytes_max) +
                                        "; raise limits.artifacts in the definition's spec");
  }
  const auto free = ports_.store.free_bytes();
  if (!free) return fail(free.error());
  // For the package, and its copy as an artifact.
  const std::int64_t needed = 2 * ports_.store.size_bytes() + ports_.desk.downloads.free_bytes_min;
  if (*free >= needed) return {};
  return fail(Code::resource_exhausted, "the disk of " + ports_.store.directory() + " has " +
                                            format_size(*free) + " free, and " +
                                            format_size(needed) +
                                            " are needed for the capture; make room, it is "
                                            "tried again");
}

Status CaptureRun::visit(const CaptureJob& job, Recorder& recorder) {
  if (Status room = check_room(); !room) return room;
  Spool body(ports_.context.scratch_directory());
  CaptureVisit visit(web_, ports_.desk.clock, visits_, body);
  const auto exchange =
      visit.get(job.url, {.at = ports_.context.deadline(), .stop = ports_.context.stop()});
  if (exchange) return take_answer(job, *exchange, body, recorder);
  const Error& error = exchange.error();
  if (error.code == Code::cancelled) return fail(error);
  if (ports_.desk.clock.steady_now() >= ports_.context.deadline()) {
    return fail(Code::deadline_exceeded, "the time of the attempt is over");
  }
  if (is_no_turn(error) && *error.retry_after <= kCaptureWaitMax) {
    frontier_.later(job, *error.retry_after);
    return {};
  }
  return failed(job, error);
}

Status CaptureRun::failed(const CaptureJob& job, const Error& error) {
  const bool passes = may_pass(error);
  const Duration wait =
      std::clamp(error.retry_after.value_or(kCaptureBackoff * (1 << std::min(job.tries, 8))),
                 Duration(0), kCaptureWaitMax);
  const bool has_tries = passes && job.tries + 1 < ports_.order.tries;
  if (has_tries && frontier_.again(job, wait)) return {};
  ports_.store.note_failure({.url = job.url, .error = error.message, .may_pass = passes});
  over(job);
  if (!has_tries) frontier_.end(job);
  return {};
}

Status CaptureRun::take_answer(const CaptureJob& job, const CapturedExchange& exchange,
                               const Spool& body, Recorder& recorder) {
  const bool is_last = job.tries + 1 >= ports_.order.tries;
  const bool is_cut = exchange.truncated == "disconnect";
  if (!is_last && (says_later(exchange.head.status) || is_cut)) {
    const Duration said = retry_after(exchange.head, ports_.desk.clock.now());
    const Duration wait = said > Duration(0) ? std::min(said, kCaptureWaitMax)
                                             : kCaptureBackoff * (1 << std::min(job.tries, 8));
    // Else the host has no retries left: what it says is what there is.
    if (frontier_.again(job, wait)) return {};
    if (Status recorded = recorder.record(exchange, body); !recorded) return recorded;
    over(job);
    return {};
  }
  if (Status recorded = recorder.record(exchange, body); !recorded) return recorded;
  const std::string_view location = header(exchange.head, "location");
  const bool leads_on =
      exchange.head.status / 100 == 3 && !location.empty() && job.hops < ports_.order.redirects_max;
  bool goes_on = false;
  if (leads_on) {
    const auto resolved = resolve_http_url(job.url, location);
    const auto next = resolved ? url_to_capture(*resolved) : resolved;
    goes_on = next && frontier_.add({.number = job.number, .url = *next, .hops = job.hops + 1});
  }
  if (!goes_on) over(job);
  frontier_.end(job);
  return {};
}

void CaptureRun::over(const CaptureJob& job) {
  ports_.store.note_done(job.number);
  ++done_;
}

}  // namespace waybill
