#pragma once

#include <string_view>

#include "base/mutex.h"
#include "ports/log_store.h"

namespace waybill::cli {

/// Passes on what programs print: to our stdout what they wrote to theirs, to stderr the rest.
/// Thread-safe, each call's text in one piece.
class ProgramOutput {
 public:
  void write(LogStream stream, std::string_view text) EXCLUDES(mutex_);

 private:
  Mutex mutex_;
};

}  // namespace waybill::cli
