#pragma once

#include <boost/json/fwd.hpp>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"

namespace waybill::cli {

enum class Colour : std::uint8_t { none, red, green, yellow, blue, grey, bold };

/// How a command talks: data on stdout, talk on stderr.
struct OutputMode {
  bool json = false;
  bool quiet = false;
  bool colour_out = false;    ///< stdout is a terminal, and NO_COLOR is not set
  bool terminal_err = false;  ///< stderr is a terminal: progress may be shown there
};
/// The mode of this process's stdout and stderr.
OutputMode detect_output_mode();

class Output {
 public:
  explicit Output(const OutputMode& mode) : mode_(mode) {}
  ~Output() { end_progress(); }
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;

  bool json() const { return mode_.json; }
  bool quiet() const { return mode_.quiet; }
  bool colour() const { return mode_.colour_out && !mode_.json; }

  /// To stdout, as it is; written out at once.
  void data(std::string_view text);
  /// Whether something could not be written to stdout.
  bool broken() const;
  /// One line of JSON to stdout.
  void json_line(const boost::json::value& value);
  /// One line to stderr, unless --quiet.
  void note(std::string_view text);
  /// One line to stderr: for people, or a JSON object after --json.
  void error(const Error& error);
  /// A line on stderr that the next one replaces; only where a person looks on.
  void progress(std::string_view text);
  void end_progress();

  /// `text` in a colour, where colours are shown.
  std::string paint(std::string_view text, Colour colour) const;

 private:
  OutputMode mode_;
  bool progress_shown_ = false;
};

}  // namespace waybill::cli
