#pragma once

#include <algorithm>
#include <vector>

namespace waybill {

/// Whether a list that narrows down what is taken (a worker's queues, a webhook's states) lets
/// `value` through. An empty list narrows nothing down: it lets everything through.
template <class Listed, class Value>
bool accepts(const std::vector<Listed>& filter, const Value& value) {
  return filter.empty() || std::find(filter.begin(), filter.end(), value) != filter.end();
}

}  // namespace waybill
