#pragma once

#include <string>
#include <string_view>

#include "ports/object_store.h"

namespace waybill {

/// Passes every call on.
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

}  // namespace waybill
