#include "http/waiting_room.h"

#include <algorithm>
#include <utility>

#include "services/guarded_thread.h"

namespace waybill::http {
namespace {

/// Whoever came to wait within this looks, and comes again: claims look once a second.
constexpr Duration kComesAgain = std::chrono::seconds(2);

bool wants(const Later& later, const std::string& topic) {
  return later.topics.empty() || std::ranges::find(later.topics, topic) != later.topics.end();
}

}  // namespace

WaitingRoom::WaitingRoom(Clock& clock, std::function<void(Job)> go)
    : clock_(clock),
      go_(std::move(go)),
      thread_(guarded_thread("http_waiting_room",
                             [this](const std::stop_token& stop) { run(stop); })) {}

WaitingRoom::~WaitingRoom() {
  open();
  thread_.request_stop();
  earlier_.ring();
}

std::uint64_t WaitingRoom::moment() const {
  const Lock lock(mutex_);
  return moment_;
}

void WaitingRoom::wait(const Later& later, std::uint64_t seen, Job job) {
  {
    const Lock lock(mutex_);
    came_at_ = clock_.steady_now();
    const bool missed = passed_over_ > seen || std::ranges::any_of(rung_, [&](const auto& rung) {
                          return rung.second > seen && wants(later, rung.first);
                        });
    if (!open_ && !missed) {
      const bool is_first = waiting_.empty() || later.until < waiting_.begin()->first;
      waiting_.emplace(later.until, Waiting{later, std::move(job)});
      if (is_first) earlier_.ring();
      return;
    }
  }
  go_(std::move(job));
}

void WaitingRoom::ring(const std::string& topic) {
  std::vector<Job> called;
  {
    const Lock lock(mutex_);
    rung_[topic] = ++moment_;
    for (auto next = waiting_.begin(); next != waiting_.end();) {
      if (!wants(next->second.later, topic)) {
        ++next;
        continue;
      }
      called.push_back(std::move(next->second.job));
      next = waiting_.erase(next);
    }
  }
  for (Job& job : called) go_(std::move(job));
}

bool WaitingRoom::pass_over() {
  const Lock lock(mutex_);
  if (!waiting_.empty()) return false;
  // Or each of many events of one queue would send on whoever waits for another.
  if (came_at_ && clock_.steady_now() - *came_at_ < kComesAgain) return false;
  passed_over_ = ++moment_;
  return true;
}

void WaitingRoom::open() {
  std::multimap<SteadyTime, Waiting> all;
  {
    const Lock lock(mutex_);
    open_ = true;
    all.swap(waiting_);
  }
  for (auto& [until, waiting] : all) go_(std::move(waiting.job));
}

std::size_t WaitingRoom::size() const {
  const Lock lock(mutex_);
  return waiting_.size();
}

void WaitingRoom::run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    const std::uint64_t seen = earlier_.rung();
    for (Job& job : take_due(clock_.steady_now())) go_(std::move(job));
    earlier_.wait(seen, {.at = next_due(), .stop = stop}, clock_);
  }
}

std::vector<WaitingRoom::Job> WaitingRoom::take_due(SteadyTime now) {
  std::vector<Job> due;
  const Lock lock(mutex_);
  while (!waiting_.empty() && waiting_.begin()->first <= now) {
    due.push_back(std::move(waiting_.begin()->second.job));
    waiting_.erase(waiting_.begin());
  }
  return due;
}

SteadyTime WaitingRoom::next_due() const {
  const Lock lock(mutex_);
  return waiting_.empty() ? kSteadyTimeMax : waiting_.begin()->first;
}

}  // namespace waybill::http
