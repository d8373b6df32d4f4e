#pragma once

#include <algorithm>
#include <string>
#include <vector>

namespace waybill {

/// Whether a list that narrows down what is taken (a worker's queues, a claim's kinds) lets `name`
/// through. An empty list narrows nothing down: it lets every name through.
inline bool accepts(const std::vector<std::string>& filter, const std::string& name) {
  return filter.empty() || std::find(filter.begin(), filter.end(), name) != filter.end();
}

}  // namespace waybill
