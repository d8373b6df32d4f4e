#pragma once

#include <cstdint>
#include <string_view>

#include "ports/task_kind.h"

namespace waybill {

/// Keeps what a program prints, up to a limit for both streams together; where it is cut, a line of
/// the system stream says so, and finish() says how much is missing.
class RunOutput {
 public:
  RunOutput(TaskContext& context, std::int64_t bytes_max)
      : context_(context), bytes_max_(bytes_max) {}

  void add(LogStream stream, std::string_view bytes);
  void finish();

 private:
  TaskContext& context_;
  const std::int64_t bytes_max_;
  std::int64_t bytes_kept_ = 0;
  std::int64_t bytes_dropped_ = 0;
};

}  // namespace waybill
