#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "ports/object_store.h"

namespace waybill {

/// A bucket in which one key cannot be written.
class StuckBucket final : public ObjectStore {
 public:
  StuckBucket(std::shared_ptr<ObjectStore> inner, std::string stuck)
      : inner_(std::move(inner)), stuck_(std::move(stuck)) {}

  ObjectStoreCaps caps() const override { return inner_->caps(); }
  std::string url() const override { return inner_->url(); }
  Result<ListPage> list(const ListParams& params) override { return inner_->list(params); }
  Result<std::string> get(const std::string& key) override { return inner_->get(key); }
  Status put(const std::string& key, std::string_view body) override {
    return inner_->put(key, body);
  }
  Status put_if_absent(const std::string& key, std::string_view body) override {
    if (key == stuck_) return fail(Code::permission_denied, "not yours");
    return inner_->put_if_absent(key, body);
  }
  Status remove(const std::string& key) override { return inner_->remove(key); }

 private:
  const std::shared_ptr<ObjectStore> inner_;  // the fixture has it too, to look at
  const std::string stuck_;
};

}  // namespace waybill
