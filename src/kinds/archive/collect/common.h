#pragma once

#include <boost/json/fwd.hpp>
#include <cstdint>
#include <string>
#include <string_view>

#include "kinds/archive/desk.h"
#include "ports/collection_store.h"
#include "ports/task_kind.h"

namespace waybill {

/// Tells of steps in the words that task_mgmt's clients know. Not thread-safe.
class StepTeller {
 public:
  StepTeller(TaskContext& context, int steps) : context_(context), steps_(steps) {}
  void at(int step, double percent, std::string_view status);
  /// Within the step: so many items of all.
  void items(std::string_view status, std::int64_t done, std::int64_t total, std::int64_t failed);
  /// Within the step: so many bytes; `total`: -1 where nobody knows. Not too often.
  void bytes(std::string_view status, std::int64_t done, std::int64_t total);
  void done(std::string_view status);

 private:
  void say(double percent, const boost::json::object& more);

  TaskContext& context_;
  const int steps_;
  int step_ = 0;
  std::string status_;
  std::int64_t told_bytes_ = 0;
};

/// A document as it came, made text in UTF-8: without its byte order mark, and what is not UTF-8
/// taken for Latin-1. `failed_precondition` for UTF-16.
Result<std::string> text_of_document(std::string bytes, std::string_view what);

/// The text of a field, or empty if there is none, or it is something else.
std::string text_in(const boost::json::object& object, std::string_view name);

/// How an attempt ends by an error, with what it was about in front.
Outcome outcome_of(const Error& error, std::string_view context);

}  // namespace waybill
