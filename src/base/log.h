#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>

#include "base/error.h"

namespace waybill::log {

enum class Level { debug, info, warn, error, fatal, off };
enum class Format {
  json,
  human,
  /// What Google's log agents read and workflow-manager wrote: `severity`, the fields, `timestamp`,
  /// and `message` last.
  severity,
};

/// One field of a line. Views are read during the call only.
struct Field {
  std::string_view key;
  std::variant<std::string_view, std::int64_t, double, bool> value;

  Field(std::string_view k, std::string_view v) : key(k), value(v) {}
  Field(std::string_view k, const char* v) : key(k), value(std::string_view(v)) {}
  Field(std::string_view k, const std::string& v) : key(k), value(std::string_view(v)) {}
  Field(std::string_view k, bool v) : key(k), value(v) {}
  Field(std::string_view k, double v) : key(k), value(v) {}
  template <class Integer>
  requires std::is_integral_v<Integer> Field(std::string_view k, Integer v)
      : key(k), value(static_cast<std::int64_t>(v)) {}
};
using Fields = std::initializer_list<Field>;

/// Sets level and format for the process; the composition root calls it once, before any thread.
/// Default: info; JSON, or a person's format when stderr is a terminal.
void configure(Level level, Format format);

/// Writes one line to stderr: `ts`, `level`, `event` (stable snake_case), `msg`, then the fields.
/// fatal = the process ends; error = somebody must act; warn = we recovered; info = state changes.
/// Thread-safe.
void write(Level level, std::string_view event, std::string_view message, Fields fields = {});

/// While one lives, this thread's lines are kept, and its end writes them as one: for many at once.
class Together {
 public:
  Together();
  ~Together();
  Together(const Together&) = delete;
  Together& operator=(const Together&) = delete;
};

inline void debug(std::string_view event, std::string_view message, Fields fields = {}) {
  write(Level::debug, event, message, fields);
}
inline void info(std::string_view event, std::string_view message, Fields fields = {}) {
  write(Level::info, event, message, fields);
}
inline void warn(std::string_view event, std::string_view message, Fields fields = {}) {
  write(Level::warn, event, message, fields);
}
inline void error(std::string_view event, std::string_view message, Fields fields = {}) {
  write(Level::error, event, message, fields);
}

}  // namespace waybill::log
