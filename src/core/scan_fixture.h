#pragma once

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "core/definition.h"
#include "core/scan_plan.h"

namespace waybill {

/// Buckets in memory for planner tests, by the name of their source.
class MemoryListing {
 public:
  void add(const std::string& source, const std::string& key, Time modified_at = {}) {
    objects_[source][key] = modified_at;
  }
  void remove(const std::string& source, const std::string& key) { objects_[source].erase(key); }

  struct Found {
    ScanListing listing;
    std::string key;
    Time modified_at{};
    bool folded = false;
  };
  /// What a store answers to a listing.
  std::vector<Found> list(const ScanListing& listing) const {
    std::vector<Found> result;
    std::set<std::string> folded;
    const auto bucket = objects_.find(listing.source);
    if (bucket == objects_.end()) return result;
    for (const auto& [key, modified_at] : bucket->second) {
      if (!listing.holds(key)) continue;
      const std::size_t cut = listing.delimiter.empty()
                                  ? std::string::npos
                                  : key.find(listing.delimiter, listing.prefix.size());
      if (cut == std::string::npos) {
        result.push_back({listing, key, modified_at, false});
      } else if (folded.insert(key.substr(0, cut + 1)).second) {
        result.push_back({listing, key.substr(0, cut + 1), {}, true});
      }
    }
    return result;
  }

 private:
  std::map<std::string, std::map<std::string, Time>> objects_;
};

inline void feed(ScanPlanner& planner, const MemoryListing::Found& found) {
  if (found.folded) {
    planner.prefix(found.listing, found.key);
  } else {
    planner.object(found.listing, found.key, found.modified_at);
  }
}

/// Runs a scan's rounds over the buckets. `reorder` may change the order of what a round found.
template <class Reorder>
Plan plan_of(const ScanDefinition& scan, Time now, const MemoryListing& store,
             const Reorder& reorder) {
  const auto planner = make_planner(scan, now);
  for (auto listings = planner->listings(); !listings.empty(); listings = planner->listings()) {
    std::vector<MemoryListing::Found> all;
    for (const ScanListing& listing : listings) {
      for (auto& found : store.list(listing)) all.push_back(std::move(found));
    }
    reorder(all);
    for (const auto& found : all) feed(*planner, found);
  }
  return planner->finish();
}

inline Plan plan_of(const ScanDefinition& scan, Time now, const MemoryListing& store) {
  return plan_of(scan, now, store, [](std::vector<MemoryListing::Found>&) {});
}

}  // namespace waybill
