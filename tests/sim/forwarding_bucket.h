#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/rng.h"
#include "ports/object_store.h"

namespace waybill::sim {

/// Passes every call on. A wrong bucket overrides what it gets wrong.
class ForwardingBucket : public ObjectStore {
 public:
  explicit ForwardingBucket(ObjectStore& inner) : inner_(inner) {}

  ObjectStoreCaps caps() const override { return inner_.caps(); }
  std::string url() const override { return inner_.url(); }
  Result<ListPage> list(const ListParams& params) override { return inner_.list(params); }
  Result<std::string> get(const std::string& key) override { return inner_.get(key); }
  Status put(const std::string& key, std::string_view body) override {
    return inner_.put(key, body);
  }
  Status put_if_absent(const std::string& key, std::string_view body) override {
    return inner_.put_if_absent(key, body);
  }
  Status remove(const std::string& key) override { return inner_.remove(key); }

 protected:
  ObjectStore& inner_;
};

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
