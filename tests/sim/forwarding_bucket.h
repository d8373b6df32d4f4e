#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/rng.h"
#include "testing/forwarding_bucket.h"

namespace waybill::sim {

/// Sees all three parts of a batch where there is one of them.
class SeesWhatIsMissing final : public ForwardingBucket {
 public:
  using ForwardingBucket::ForwardingBucket;
  Result<ListPage> list(const ListParams& params) override {
    auto page = inner_.list(params);
    if (!page) return page;
    for (const ObjectInfo& object : std::vector<ObjectInfo>(page->objects)) {
      if (!object.key.ends_with(".batch")) continue;
      page->objects.push_back({.key = object.key + ".avro"});
      page->objects.push_back({.key = object.key + ".sig"});
    }
    return page;
  }
};

/// A plant's factory for a wrong bucket of this type; with `name`, only the bucket of this name is
/// wrong.
template <class Wrong>
auto wrong_bucket(std::string name = {}) {
  return [name = std::move(name)](ObjectStore& inner, Rng) -> std::unique_ptr<ObjectStore> {
    if (!inner.url().ends_with(name)) return std::make_unique<ForwardingBucket>(inner);
    return std::make_unique<Wrong>(inner);
  };
}

}  // namespace waybill::sim
