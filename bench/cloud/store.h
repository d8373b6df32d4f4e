#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

namespace waybill::bench {

/// What the benchmark asks the server to have, and what it says afterwards.
struct CloudObject {
  std::string body{};
  std::string put_name{};  ///< Google's metadata of a conditional put
};
using CloudBucket = std::map<std::string, CloudObject, std::less<>>;

struct CloudCounts {
  std::uint64_t list = 0;
  std::uint64_t get = 0;
  std::uint64_t put = 0;
  std::uint64_t remove = 0;
  std::uint64_t publish = 0;   ///< calls
  std::uint64_t messages = 0;  ///< in them
  std::uint64_t refused = 0;   ///< answered 4xx
};

struct CloudState {
  std::map<std::string, CloudBucket, std::less<>> buckets;
  CloudCounts counts;
  std::unordered_set<std::string> trace_ids;  ///< of the messages
};

struct PageParams {
  std::string prefix{};
  std::string from{};    ///< the first key that may be in it
  std::string before{};  ///< empty: no bound
  std::string delimiter{};
  std::size_t count_max = 1000;
};
struct CloudPage {
  std::vector<std::string_view> keys{};
  std::vector<std::string> prefixes{};
  std::string next{};  ///< where the next page begins; empty: that was all
};

/// A page of a listing, of which both services have their own form.
CloudPage page_of(const CloudBucket& bucket, const PageParams& params);

/// Notes the messages whose JSON, in any encoding that leaves letters alone, is in `text`.
void note_trace_id(CloudState& state, std::string_view message);

}  // namespace waybill::bench
