#include "base/log.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <atomic>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <memory>

#include "base/json.h"
#include "base/time.h"

namespace waybill::log {
namespace {

std::atomic<Level> g_level{Level::info};
std::atomic<Format> g_format{isatty(STDERR_FILENO) == 1 ? Format::human : Format::json};

std::string_view name_of(Level level) {
  switch (level) {
    case Level::debug:
      return "debug";
    case Level::info:
      return "info";
    case Level::warn:
      return "warn";
    case Level::fatal:
      return "fatal";
    default:
      return "error";
  }
}

void append_value(std::string& out, const Field& field, bool quote) {
  if (const auto* text = std::get_if<std::string_view>(&field.value)) {
    const bool plain =
        !text->empty() && text->find_first_of(" \"\\\n\r\t=") == std::string_view::npos;
    if (quote || !plain) {
      json::append_quoted(out, *text);
    } else {
      out += *text;
    }
  } else if (const auto* flag = std::get_if<bool>(&field.value)) {
    out += *flag ? "true" : "false";
  } else {
    char digits[32];
    const auto end =
        std::holds_alternative<double>(field.value)
            ? std::to_chars(digits, digits + sizeof digits, std::get<double>(field.value)).ptr
            : std::to_chars(digits, digits + sizeof digits, std::get<std::int64_t>(field.value))
                  .ptr;
    out.append(digits, end);
  }
}

Time wall_now() { return std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now()); }

void append_field(std::string& line, const Field& field) {
  line += ',';
  json::append_quoted(line, field.key);
  line += ':';
  append_value(line, field, true);
}

std::string json_line(Level level, std::string_view event, std::string_view message,
                      Fields fields) {
  std::string line = R"({"ts":")" + format_time(wall_now()) + R"(","level":")";
  line += name_of(level);
  line += R"(","event":)";
  json::append_quoted(line, event);
  line += R"(,"msg":)";
  json::append_quoted(line, message);
  for (const Field& field : fields) append_field(line, field);
  return line + '}';
}

std::string severity_line(Level level, std::string_view message, Fields fields) {
  std::string line = R"({"severity":")";
  line += name_of(level);
  line += '"';
  for (const Field& field : fields) append_field(line, field);
  line += R"(,"timestamp":")" + format_time(wall_now()) + R"(","message":)";
  json::append_quoted(line, message);
  return line + '}';
}

bool is_dumb(const char* terminal) { return terminal == nullptr || !std::strcmp(terminal, "dumb"); }

std::string human_line(Level level, std::string_view message, Fields fields) {
  static const bool terminal = isatty(STDERR_FILENO) == 1 && !is_dumb(std::getenv("TERM"));
  std::string line = terminal ? "\r\x1b[K" : "";  // over a line that shows progress
  line += format_time(wall_now()).substr(11, 8);
  line += level >= Level::error ? " error " : level == Level::warn ? " warn  " : " ";
  line += message;
  for (const Field& field : fields) {
    line += ' ';
    line += field.key;
    line += '=';
    append_value(line, field, false);
  }
  return line;
}

// Shared by all threads of the process; the sink has its own lock.
spdlog::logger& logger() {
  static const auto instance = [] {
    auto sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
    auto made = std::make_shared<spdlog::logger>("waybill", std::move(sink));
    made->set_pattern("%v");
    made->set_level(spdlog::level::trace);
    made->flush_on(spdlog::level::trace);
    return made;
  }();
  return *instance;
}

void write_out(std::string_view lines) { logger().info(spdlog::string_view_t(lines)); }

thread_local int t_together = 0;
thread_local std::string t_lines;  // with line ends between them

}  // namespace

Together::Together() { ++t_together; }

Together::~Together() {
  if (--t_together > 0 || t_lines.empty()) return;
  write_out(t_lines);
  t_lines.clear();
}

void configure(Level level, Format format) {
  g_level = level;
  g_format = format;
}

void write(Level level, std::string_view event, std::string_view message, Fields fields) {
  if (level < g_level.load(std::memory_order_relaxed)) return;
  const Format format = g_format.load(std::memory_order_relaxed);
  const std::string line = format == Format::human      ? human_line(level, message, fields)
                           : format == Format::severity ? severity_line(level, message, fields)
                                                        : json_line(level, event, message, fields);
  if (t_together == 0) return write_out(line);
  if (!t_lines.empty()) t_lines += '\n';
  t_lines += line;
}

}  // namespace waybill::log
