#include "http/api/live_progress.h"

#include <algorithm>
#include <boost/json.hpp>
#include <utility>

#include "base/json.h"

namespace waybill::http {
namespace {

constexpr Duration kRoundEvery = std::chrono::seconds(1);
/// Of a round; where more run they take turns.
constexpr std::size_t kLookedInRound = 500;
/// Before events are looked at again.
constexpr std::size_t kLookedAtOnce = 50;
constexpr std::size_t kRunningMax = 10'000;
constexpr std::size_t kPageSize = 500;
constexpr std::size_t kPageBytes = 1u << 20;
/// What all of them said, held for streams that have not got it yet.
constexpr std::size_t kBoardBytesMax = 1u << 20;

}  // namespace

Status LiveProgress::begin() {
  if (begun_) return {};
  PageParams params{.filter = {.states = {State::leased}}, .limit = kPageSize};
  params.bytes_max = kPageBytes;
  do {
    auto page = reader_.page(params);
    if (!page) {
      forget();
      return fail(with_context(page.error(), "reading the running tasks"));
    }
    for (const Task& task : page->tasks) {
      if (running_.size() >= kRunningMax) break;
      running_.try_emplace(task.id(), Running{.queue = task.request.queue});
    }
    params.cursor = std::move(page->next_cursor);
  } while (!params.cursor.empty() && running_.size() < kRunningMax);
  begun_ = true;
  return {};
}

void LiveProgress::note(const LedgerEvent& event) {
  if (!begun_) return;
  const auto found = running_.find(event.id);
  if (event.entry.state == State::leased) {
    if (found == running_.end() && running_.size() < kRunningMax) {
      running_.try_emplace(event.id, Running{.queue = event.queue});
    }
  } else if (found != running_.end()) {
    take_down(found->second.number);
    running_.erase(found);
  }
}

void LiveProgress::forget() {
  begun_ = false;
  running_.clear();
  board_.clear();
  board_bytes_ = 0;
  left_ = 0;
}

SteadyTime LiveProgress::look_at() const {
  if (running_.empty()) return kSteadyTimeMax;
  return left_ > 0 ? SteadyTime{} : round_at_;
}

Status LiveProgress::look(SteadyTime now, const IsWanted& is_wanted) {
  if (now < look_at()) return {};
  if (left_ == 0) {
    left_ = std::min(running_.size(), kLookedInRound);
    round_at_ = now + kRoundEvery;
  }
  auto next = running_.upper_bound(looked_at_);
  for (std::size_t i = 0; i < kLookedAtOnce && left_ > 0; ++i, ++next, --left_) {
    if (next == running_.end()) next = running_.begin();
    const auto wanted = is_wanted(next->first, next->second.queue);
    if (!wanted) return fail(wanted.error());
    if (!*wanted) {
      // Who wants it later is told what it says then.
      take_down(next->second.number);
      next->second.number = 0;
    } else if (Status looked = look_at_one(next->first, next->second); !looked) {
      return looked;
    }
    looked_at_ = next->first;
  }
  return {};
}

Status LiveProgress::look_at_one(const Uuid& task, Running& running) {
  const auto reported = reader_.reported(task);
  if (!reported && reported.error().code == Code::unavailable) {
    return fail(with_context(reported.error(), "reading a running task's progress"));
  }
  // Removed or damaged: who asks for the task itself is told that.
  if (!reported || reported->progress.empty()) return {};
  const std::size_t hash = std::hash<std::string>{}(reported->progress);
  if (running.number != 0 && running.hash == hash) return {};
  running.hash = hash;
  put(task, running, reported->progress);
  return {};
}

void LiveProgress::put(const Uuid& task, Running& running, std::string progress) {
  take_down(running.number);
  running.number = ++newest_;
  // On one line, and nothing but JSON.
  const auto parsed = json::parse(progress);
  if (!parsed) return;
  progress = json::serialize(*parsed);
  board_bytes_ += progress.size();
  board_.emplace(running.number,
                 Said{.task = task, .queue = running.queue, .progress = std::move(progress)});
  while (board_bytes_ > kBoardBytesMax) take_down(board_.begin()->first);
}

void LiveProgress::take_down(std::uint64_t number) {
  const auto found = board_.find(number);
  if (found == board_.end()) return;
  board_bytes_ -= found->second.progress.size();
  board_.erase(found);
}

}  // namespace waybill::http
