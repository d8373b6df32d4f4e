#include "kinds/archive/warc/frontier.h"

#include <algorithm>
#include <utility>

#include "base/ascii.h"

namespace waybill {
namespace {

/// Host and port; what one server answers for.
std::string host_of_job(const std::string& url) {
  const auto begin = url.find("//") + 2;
  const auto end = std::min(url.find_first_of("/?", begin), url.size());
  return to_lower(std::string_view(url).substr(begin, end - begin));
}

}  // namespace

bool Frontier::add(CaptureJob job) {
  const Lock lock(mutex_);
  if (!seen_.insert(job.url).second) return false;
  const std::string host = host_of_job(job.url);
  hosts_[host].jobs.push_back(std::move(job));
  ++open_;
  changed_.notify_all();
  return true;
}

std::optional<CaptureJob> Frontier::take() {
  Lock lock(mutex_);
  while (!stopped_ && open_ > 0) {
    const SteadyTime now = clock_.steady_now();
    SteadyTime soonest = kSteadyTimeMax;
    auto at = hosts_.upper_bound(last_);
    for (std::size_t looked = 0; looked < hosts_.size(); ++looked, ++at) {
      if (at == hosts_.end()) at = hosts_.begin();
      Host& host = at->second;
      if (host.jobs.empty() || host.running >= params_.per_host) continue;
      if (host.next > now) {
        soonest = std::min(soonest, host.next);
        continue;
      }
      CaptureJob job = std::move(host.jobs.front());
      host.jobs.pop_front();
      ++host.running;
      host.next = now + params_.delay;
      last_ = at->first;
      return job;
    }
    if (soonest == kSteadyTimeMax) {
      changed_.wait(lock);
    } else {
      changed_.wait_until(lock, soonest);
    }
  }
  return std::nullopt;
}

void Frontier::ended(const std::string& name) {
  const auto found = hosts_.find(name);
  --found->second.running;
  --open_;
  changed_.notify_all();
}

void Frontier::end(const CaptureJob& job) {
  const Lock lock(mutex_);
  ended(host_of_job(job.url));
}

bool Frontier::again(const CaptureJob& job, Duration wait) {
  const Lock lock(mutex_);
  const std::string name = host_of_job(job.url);
  Host& host = hosts_[name];
  if (host.retries >= params_.retries_per_host) {
    ended(name);
    return false;
  }
  ++host.retries;
  --host.running;
  host.next = std::max(host.next, clock_.steady_now() + wait);
  CaptureJob next = job;
  ++next.tries;
  host.jobs.push_back(std::move(next));
  changed_.notify_all();
  return true;
}

void Frontier::later(const CaptureJob& job, Duration wait) {
  const Lock lock(mutex_);
  Host& host = hosts_[host_of_job(job.url)];
  --host.running;
  host.next = std::max(host.next, clock_.steady_now() + wait);
  host.jobs.push_front(job);
  changed_.notify_all();
}

void Frontier::stop() {
  const Lock lock(mutex_);
  stopped_ = true;
  changed_.notify_all();
}

}  // namespace waybill
