#pragma once

#include <atomic>
#include <cstdint>

#include "ports/object_store.h"

namespace waybill {

/// A bucket whose calls are counted, whatever they are. Thread-safe.
class CountedStore final : public ObjectStore {
 public:
  /// `inner` outlives it.
  explicit CountedStore(ObjectStore& inner) : inner_(inner) {}

  ObjectStoreCaps caps() const override { return inner_.caps(); }
  std::string url() const override { return inner_.url(); }
  Result<ListPage> list(const ListParams& params) override {
    ++calls_;
    return inner_.list(params);
  }
  Result<std::string> get(const std::string& key) override {
    ++calls_;
    return inner_.get(key);
  }
  Status put(const std::string& key, std::string_view body) override {
    ++calls_;
    return inner_.put(key, body);
  }
  Status put_if_absent(const std::string& key, std::string_view body) override {
    ++calls_;
    return inner_.put_if_absent(key, body);
  }
  std::vector<Status> put_all_if_absent(std::span<const ObjectPut> puts) override {
    calls_ += static_cast<std::int64_t>(puts.size());
    return inner_.put_all_if_absent(puts);
  }
  Status remove(const std::string& key) override {
    ++calls_;
    return inner_.remove(key);
  }
  std::int64_t calls() const { return calls_; }

 private:
  ObjectStore& inner_;
  std::atomic<std::int64_t> calls_{0};
};

}  // namespace waybill
