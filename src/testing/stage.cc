#include "testing/stage.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace waybill {

void Stage::wait_until(SteadyTime until, std::stop_token stop) {
  WAYBILL_CHECK(until < kSteadyTimeMax || stop.stop_requested() || halted_,
                "a wait without end in a single thread");
  while (!halted_ && !stop.stop_requested()) {
    if (turns_.empty() || std::get<0>(*turns_.begin()) > until) {
      move_to(until);
      return;
    }
    const auto [at, tie, actor] = *turns_.begin();
    turns_.erase(turns_.begin());
    move_to(at);
    play(actor);
  }
}

void Stage::move_to(SteadyTime at) {
  if (at <= steady_) return;
  now_ += at - steady_;
  steady_ = at;
  latest_ = std::max(latest_, now_);
}

void Stage::jump(Duration by) {
  now_ += by;
  earliest_ = std::min(earliest_, now_);
  latest_ = std::max(latest_, now_);
}

void Stage::play(Actor actor) {
  Part& part = parts_.at(actor);
  part.acting = true;
  part.next = SteadyTime{};
  ++acts_;
  // Taken out: the actor may leave the stage while it acts.
  Act act = std::move(part.act);
  const Duration wait = act();
  const auto still = parts_.find(actor);
  if (still == parts_.end()) return;
  still->second.act = std::move(act);
  still->second.acting = false;
  if (wait == kNever) {
    parts_.erase(still);
    return;
  }
  // Never twice in one moment without end: an act that asks for no wait gets a microsecond.
  const SteadyTime next = steady_ + std::clamp(wait, Duration(1), Duration(std::chrono::hours(24)));
  schedule(actor, still->second, std::max(next, still->second.next));
}

void Stage::schedule(Actor actor, Part& part, SteadyTime next) {
  part.next = next;
  part.tie = rng_.next();
  turns_.insert({part.next, part.tie, actor});
}

Stage::Actor Stage::enter(Act act, Duration first) {
  const Actor actor = ++last_;
  Part& part = parts_[actor];
  part.act = std::move(act);
  schedule(actor, part, steady_ + first);
  return actor;
}

void Stage::exit(Actor actor) {
  const auto part = parts_.find(actor);
  if (part == parts_.end()) return;
  turns_.erase({part->second.next, part->second.tie, actor});
  parts_.erase(part);
}

void Stage::hurry(Actor actor, SteadyTime at) {
  const auto part = parts_.find(actor);
  if (part == parts_.end() || part->second.acting || part->second.next <= at) return;
  turns_.erase({part->second.next, part->second.tie, actor});
  schedule(actor, part->second, std::max(at, steady_));
}

void Stage::suspend(Actor actor, SteadyTime at) {
  const auto part = parts_.find(actor);
  if (part == parts_.end() || part->second.next >= at) return;
  if (part->second.acting) {
    part->second.next = at;  // play() keeps to it
    return;
  }
  turns_.erase({part->second.next, part->second.tie, actor});
  schedule(actor, part->second, at);
}

}  // namespace waybill
