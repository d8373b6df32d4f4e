#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/mutex.h"
#include "ports/clock.h"
#include "ports/object_store.h"

namespace waybill {

struct FakeObjectStoreOptions {
  std::string name = "bucket";   ///< its url is fake:///NAME
  std::size_t page_size = 1000;  ///< objects and folded prefixes together
  bool conditional_put = true;   ///< false: put_if_absent looks first and then writes
};

/// A bucket in memory. Thread-safe; `clock` must outlive it.
class FakeObjectStore final : public ObjectStore {
 public:
  explicit FakeObjectStore(Clock& clock, FakeObjectStoreOptions options = {});

  ObjectStoreCaps caps() const override { return {.conditional_put = options_.conditional_put}; }
  std::string url() const override { return "fake:///" + options_.name; }
  Result<ListPage> list(const ListParams& params) override;
  Result<std::string> get(const std::string& key) override;
  Status put(const std::string& key, std::string_view body) override;
  Status put_if_absent(const std::string& key, std::string_view body) override;
  Status remove(const std::string& key) override;

  std::size_t size() const;

 private:
  struct Object {
    std::string body;
    Time modified_at{};
  };

  bool has(const std::string& key) const;

  Clock& clock_;
  const FakeObjectStoreOptions options_;
  mutable Mutex mutex_;
  std::map<std::string, Object> objects_ GUARDED_BY(mutex_);
};

}  // namespace waybill
