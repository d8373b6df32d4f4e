#include "bench/report.h"

#include <algorithm>
#include <boost/json.hpp>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "base/check.h"

namespace waybill::bench {
namespace {

/// Four significant digits: more would be noise.
double rounded(double value) {
  if (value == 0 || !std::isfinite(value)) return value;
  const double scale = std::pow(10.0, 3 - std::floor(std::log10(std::fabs(value))));
  return std::round(value * scale) / scale;
}

std::string figure(double value) {
  char text[48];
  const char* form = value >= 1000 ? "%.0f" : value >= 10 ? "%.1f" : "%.3f";
  const int size = std::snprintf(text, sizeof text, form, value);
  return {text, static_cast<std::size_t>(size)};
}

std::string padded(std::string text, std::size_t width, bool right) {
  const std::size_t missing = width > text.size() ? width - text.size() : 0;
  return right ? std::string(missing, ' ') + text : text + std::string(missing, ' ');
}

}  // namespace

double median(std::vector<double> samples) {
  WAYBILL_CHECK(!samples.empty(), "a median needs a sample");
  std::sort(samples.begin(), samples.end());
  const std::size_t middle = samples.size() / 2;
  if (samples.size() % 2 == 1) return samples[middle];
  return (samples[middle - 1] + samples[middle]) / 2;
}

std::string to_json(const std::vector<Measurement>& measurements) {
  boost::json::array list;
  for (const Measurement& m : measurements) {
    const double value = median(m.samples);
    const auto [min, max] = std::minmax_element(m.samples.begin(), m.samples.end());
    boost::json::object object{
        {"name", m.name},       {"unit", m.unit},       {"value", rounded(value)},
        {"min", rounded(*min)}, {"max", rounded(*max)}, {"n", m.samples.size()},
        {"floor", nullptr},     {"ratio", nullptr},     {"peer", nullptr}};
    if (!m.floor.empty()) {
      object["floor"] = rounded(median(m.floor));
      object["ratio"] = rounded(value / median(m.floor));
    }
    if (!m.peer.empty()) object["peer"] = m.peer;
    list.push_back(std::move(object));
  }
  std::string text = "[\n";
  for (const auto& object : list) {
    text += "  " + boost::json::serialize(object) + (&object == &list.back() ? "\n" : ",\n");
  }
  return text + "]\n";
}

std::string to_table(const std::vector<Measurement>& measurements) {
  std::vector<std::vector<std::string>> rows = {
      {"name", "median", "min", "max", "n", "unit", "floor", "ratio", "note"}};
  for (const Measurement& m : measurements) {
    const auto [min, max] = std::minmax_element(m.samples.begin(), m.samples.end());
    const double value = median(m.samples);
    rows.push_back({m.name, figure(value), figure(*min), figure(*max),
                    std::to_string(m.samples.size()), m.unit,
                    m.floor.empty() ? "-" : figure(median(m.floor)),
                    m.floor.empty() ? "-" : figure(value / median(m.floor)), m.note});
  }
  std::vector<std::size_t> widths(rows[0].size());
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string text;
  for (const auto& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      const bool number = (i >= 1 && i <= 4) || i == 6 || i == 7;
      line += padded(row[i], widths[i], number) + (i + 1 < row.size() ? "  " : "");
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + '\n';
  }
  return text;
}

Status write_json(const std::string& path, const std::vector<Measurement>& measurements) {
  std::error_code error;
  std::filesystem::create_directories(std::filesystem::path(path).parent_path(), error);
  std::ofstream file(path, std::ios::trunc);
  file << to_json(measurements);
  file.close();
  if (!file) {
    return fail(Code::unavailable,
                "cannot write figures to " + path + ": check that it is writable");
  }
  return {};
}

}  // namespace waybill::bench
