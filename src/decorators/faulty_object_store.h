#pragma once

#include "decorators/faults.h"
#include "ports/object_store.h"

namespace waybill {

/// A bucket whose calls go wrong. `inner` and `faults` outlive it.
class FaultyObjectStore final : public ObjectStore {
 public:
  FaultyObjectStore(ObjectStore& inner, Faults& faults) : inner_(inner), faults_(faults) {}

  ObjectStoreCaps caps() const override { return inner_.caps(); }
  std::string url() const override { return inner_.url(); }
  Result<ListPage> list(const ListParams& params) override {
    return faults_.around("bucket.list", [&] { return inner_.list(params); });
  }
  Result<std::string> get(const std::string& key) override {
    return faults_.around("bucket.get", [&] { return inner_.get(key); });
  }
  Status put(const std::string& key, std::string_view body) override {
    return faults_.around("bucket.put", [&] { return inner_.put(key, body); });
  }
  Status put_if_absent(const std::string& key, std::string_view body) override {
    return faults_.around("bucket.put_if_absent", [&] { return inner_.put_if_absent(key, body); });
  }
  Status remove(const std::string& key) override {
    return faults_.around("bucket.remove", [&] { return inner_.remove(key); });
  }

 private:
  ObjectStore& inner_;
  Faults& faults_;
};

}  // namespace waybill
