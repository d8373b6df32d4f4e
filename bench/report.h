#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"

namespace waybill::bench {

/// One figure: the samples of its repetitions, and what it is held against.
struct Measurement {
  std::string name;             ///< stable, e.g. "enqueue_1000"
  std::string unit;             ///< "tasks/s", "ms", "s", "MB", "ratio"
  std::vector<double> samples;  ///< one a repetition, at least one
  std::vector<double> floor;    ///< the same work done bare, in the same run; empty: no floor
  std::string peer;             ///< what the floor is, in words; empty: none
  std::string note;             ///< for people, e.g. the target
};

/// The middle sample; the mean of the two middle ones for an even number.
double median(std::vector<double> samples);

/// A JSON list of {name, unit, value, min, max, n, floor, ratio, peer}: value and floor are
/// medians, ratio is value / floor, and floor and ratio are null where there is no floor.
std::string to_json(const std::vector<Measurement>& measurements);

/// The same as a table for people.
std::string to_table(const std::vector<Measurement>& measurements);

/// Writes the JSON to a file, making its directory.
Status write_json(const std::string& path, const std::vector<Measurement>& measurements);

}  // namespace waybill::bench
