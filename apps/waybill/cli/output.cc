#include "apps/waybill/cli/output.h"

#include <unistd.h>

#include <boost/json.hpp>
#include <cstdio>
#include <cstdlib>

#include "apps/waybill/cli/table.h"
#include "base/json.h"

namespace waybill::cli {
namespace {

namespace bj = boost::json;

void write(std::FILE* stream, std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stream);
  std::fflush(stream);
}

std::string_view escape_of(Colour colour) {
  switch (colour) {
    case Colour::red:
      return "\x1b[31m";
    case Colour::green:
      return "\x1b[32m";
    case Colour::yellow:
      return "\x1b[33m";
    case Colour::blue:
      return "\x1b[34m";
    case Colour::grey:
      return "\x1b[90m";
    case Colour::bold:
      return "\x1b[1m";
    case Colour::none:
      return "";
  }
  return "";
}

}  // namespace

OutputMode detect_output_mode() {
  const char* no_color = std::getenv("NO_COLOR");
  const bool wanted = no_color == nullptr || *no_color == '\0';  // no-color.org
  return {.colour_out = wanted && ::isatty(STDOUT_FILENO) == 1,
          .terminal_err = ::isatty(STDERR_FILENO) == 1};
}

void Output::data(std::string_view text) {
  end_progress();
  write(stdout, text);
}

bool Output::broken() const { return std::ferror(stdout) != 0; }

void Output::json_line(const bj::value& value) { data(json::serialize(value) + "\n"); }

void Output::note(std::string_view text) {
  if (mode_.quiet) return;
  end_progress();
  write(stderr, printable_lines(text) + "\n");
}

void Output::error(const Error& error) {
  end_progress();
  if (!mode_.json) return write(stderr, "waybill: " + printable_lines(error.message) + "\n");
  const std::string_view code = to_string(error.code);
  const bj::object object{
      {"error", {{"code", bj::string_view(code.data(), code.size())}, {"message", error.message}}}};
  write(stderr, json::serialize(object) + "\n");
}

void Output::progress(std::string_view text) {
  if (mode_.quiet || mode_.json || !mode_.terminal_err) return;
  write(stderr, "\r\x1b[K" + std::string(text));
  progress_shown_ = true;
}

void Output::end_progress() {
  if (!progress_shown_) return;
  progress_shown_ = false;
  write(stderr, "\r\x1b[K");
}

std::string Output::paint(std::string_view text, Colour colour) const {
  if (!this->colour() || colour == Colour::none || text.empty()) return std::string(text);
  return std::string(escape_of(colour)) + std::string(text) + "\x1b[0m";
}

}  // namespace waybill::cli
