#include "apps/waybill/commands/views.h"

#include <boost/json.hpp>
#include <chrono>

namespace waybill::cli {

Cell state_cell(State state) {
  const std::string text(to_string(state));
  switch (state) {
    case State::succeeded:
      return {text, Colour::green};
    case State::failed:
      return {text, Colour::red};
    case State::cancelled:
      return {text, Colour::grey};
    case State::leased:
      return {text, Colour::blue};
    case State::blocked:
    case State::scheduled:
      return {text, Colour::yellow};
    case State::ready:
      return {text, Colour::none};
  }
  return {text, Colour::none};
}

std::string rounded(Duration duration) {
  using std::chrono::round;
  if (duration < Duration::zero()) return "-" + rounded(-duration);
  if (duration < std::chrono::seconds(1)) {
    return format_duration(round<std::chrono::milliseconds>(duration));
  }
  if (duration < std::chrono::seconds(10)) {
    return format_duration(round<std::chrono::duration<std::int64_t, std::deci>>(duration));
  }
  if (duration < std::chrono::hours(1)) {
    return format_duration(round<std::chrono::seconds>(duration));
  }
  if (duration < std::chrono::hours(48)) {
    return format_duration(round<std::chrono::minutes>(duration));
  }
  return std::to_string(duration / std::chrono::hours(24)) + "d";
}

std::string relative(Time time, Time now) {
  if (time == Time{}) return "";
  return time <= now ? rounded(now - time) + " ago" : "in " + rounded(time - now);
}

std::string title_of(const Task& task) {
  return task.request.definition.empty() ? task.request.kind : task.request.definition;
}

std::string remark_on(const Task& task, Time now) {
  const TaskStatus& status = task.status;
  switch (status.state) {
    case State::blocked:
      return "waits for " + counted(status.waiting_for, "task");
    case State::scheduled:
      return "due " + relative(status.run_at, now) +
             (status.error.empty() ? "" : "; " + status.error);
    case State::leased:
      return (status.cancel.requested() ? "ending on " : "on ") + status.worker;
    case State::failed:
      return status.error;
    case State::cancelled:
      return status.cancel.reason;
    case State::ready:
    case State::succeeded:
      return "";
  }
  return "";
}

std::string counted(std::int64_t number, std::string_view one) {
  return std::to_string(number) + " " + std::string(one) + (number == 1 ? "" : "s");
}

std::string to_the_second(Time time) {
  return format_time(std::chrono::floor<std::chrono::seconds>(time));
}

std::string pause_in_words(const Schedule& schedule) {
  if (!schedule.pause.is_set()) return "paused where it is defined";
  return "paused since " + to_the_second(schedule.pause.at) + " by " + schedule.pause.by +
         (schedule.pause.reason.empty() ? "" : ": " + schedule.pause.reason);
}

}  // namespace waybill::cli
