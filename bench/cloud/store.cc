#include "bench/cloud/store.h"

#include <algorithm>

namespace waybill::bench {

CloudPage page_of(const CloudBucket& bucket, const PageParams& params) {
  CloudPage page;
  auto it = bucket.lower_bound(std::max(params.prefix, params.from));
  while (it != bucket.end() && it->first.starts_with(params.prefix)) {
    if (!params.before.empty() && it->first >= params.before) break;
    if (page.keys.size() + page.prefixes.size() == params.count_max) {
      page.next = it->first;
      break;
    }
    const std::size_t fold = params.delimiter.empty()
                                 ? std::string::npos
                                 : it->first.find(params.delimiter, params.prefix.size());
    if (fold == std::string::npos) {
      page.keys.emplace_back(it->first);
      ++it;
      continue;
    }
    std::string prefix = it->first.substr(0, fold + params.delimiter.size());
    it = bucket.lower_bound(prefix + '\xff');
    page.prefixes.push_back(std::move(prefix));
  }
  return page;
}

void note_trace_id(CloudState& state, std::string_view message) {
  constexpr std::string_view kField = R"({"trace-id":")";
  constexpr std::size_t kIdBytes = 36;
  ++state.counts.messages;
  if (!message.starts_with(kField)) return;
  state.trace_ids.emplace(message.substr(kField.size(), kIdBytes));
}

}  // namespace waybill::bench
