#include "core/metrics_text.h"

#include <algorithm>
#include <charconv>
#include <utility>
#include <vector>

#include "base/base64.h"
#include "base/percent.h"

namespace waybill {
namespace {

void append_value(std::string& text, double value) {
  char digits[32];
  text.append(digits, std::to_chars(digits, digits + sizeof digits, value).ptr);
}

void append_pair(std::string& url, std::string_view name, std::string_view value) {
  url += '/';
  url += name;
  if (value.empty()) {
    url += "@base64/=";  // an empty path segment would be taken for none
  } else if (value.find('/') != std::string_view::npos || value == "." || value == "..") {
    // As a path segment of its own it would be taken for a step in the path.
    url += "@base64/" + to_base64url(value);
  } else {
    url += '/' + to_percent(value);
  }
}

}  // namespace

MetricSample counter_of(std::string name, std::uint64_t value, std::string help) {
  return {.name = std::move(name),
          .labels = {},
          .value = static_cast<double>(value),
          .type = MetricType::counter,
          .help = std::move(help)};
}

std::string metrics_text(std::span<const MetricSample> samples) {
  std::vector<const MetricSample*> order;
  for (const MetricSample& sample : samples) order.push_back(&sample);
  std::stable_sort(order.begin(), order.end(),
                   [](const MetricSample* a, const MetricSample* b) { return a->name < b->name; });
  std::string text;
  const std::string* family = nullptr;
  for (const MetricSample* sample : order) {
    if (family == nullptr || *family != sample->name) {
      if (!sample->help.empty()) text += "# HELP " + sample->name + ' ' + sample->help + '\n';
      const bool counts = sample->type == MetricType::counter;
      text += "# TYPE " + sample->name + (counts ? " counter\n" : " gauge\n");
      family = &sample->name;
    }
    text += sample->name + sample->labels + ' ';
    append_value(text, sample->value);
    text += '\n';
  }
  return text;
}

std::string push_url(const PushGroup& group) {
  std::string url(group.gateway);
  if (url.find("://") == std::string::npos) url.insert(0, "http://");
  while (url.ends_with('/')) url.pop_back();
  url += "/metrics";
  append_pair(url, "job", group.job);
  append_pair(url, "locality", group.locality);
  append_pair(url, "ingestor", group.ingestor);
  return url;
}

}  // namespace waybill
