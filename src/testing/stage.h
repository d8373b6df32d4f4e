#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <stop_token>
#include <string>
#include <tuple>

#include "base/rng.h"
#include "ports/clock.h"

namespace waybill {

/// A clock, and the actors that live by it in one thread: time moves from act to act. A wait inside
/// an act lets the others act meanwhile, so that a call which is held up is really overtaken by
/// others. Actors that are due at the same moment act in an order given by the seed. Not
/// thread-safe.
class Stage final : public Clock {
 public:
  using Actor = std::uint64_t;
  /// Does something; answers the wait before it acts again, kNever for an exit.
  using Act = std::function<Duration()>;
  static constexpr Duration kNever = Duration::max();

  /// Begins at 2026-11-22T12:00:00Z.
  explicit Stage(Rng rng) : rng_(rng) {}

  Time now() const override { return now_; }
  SteadyTime steady_now() const override { return steady_; }
  /// Plays until then, without the actors that are waiting in an act of their own.
  void wait_until(SteadyTime until, std::stop_token stop) override;
  /// Steps the wall clock alone, forwards or back.
  void jump(Duration by);
  /// The least and the greatest time that the wall clock has shown.
  Time earliest() const { return earliest_; }
  Time latest() const { return latest_; }

  Actor enter(Act act, Duration first);
  void exit(Actor actor);
  /// Acts no later than `at`, if it is waiting for its next act.
  void hurry(Actor actor, SteadyTime at);
  /// Acts no earlier than `at`: it is asleep, or its machine is.
  void suspend(Actor actor, SteadyTime at);

  /// Nobody acts any more; every wait ends at once.
  void halt() { halted_ = true; }
  bool halted() const { return halted_; }
  std::uint64_t acts() const { return acts_; }

 private:
  struct Part {
    Act act;
    SteadyTime next{};
    std::uint64_t tie = 0;
    bool acting = false;
  };
  using Turn = std::tuple<SteadyTime, std::uint64_t, Actor>;

  void schedule(Actor actor, Part& part, SteadyTime next);
  void move_to(SteadyTime at);
  void play(Actor actor);

  Rng rng_;
  Time now_ =
      Time(std::chrono::sys_days(std::chrono::year(2026) / 11 / 22)) + std::chrono::hours(12);
  Time earliest_ = now_;
  Time latest_ = now_;
  // Not zero, so that "never" and "the beginning" stay apart.
  SteadyTime steady_ = SteadyTime(std::chrono::hours(1));
  std::map<Actor, Part> parts_;
  std::set<Turn> turns_;
  Actor last_ = 0;
  std::uint64_t acts_ = 0;
  bool halted_ = false;
};

}  // namespace waybill
