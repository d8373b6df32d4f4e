#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "testing/forwarding_bucket.h"

namespace waybill {

/// A bucket in which one key cannot be written.
class StuckBucket final : public ForwardingBucket {
 public:
  StuckBucket(std::shared_ptr<ObjectStore> inner, std::string stuck)
      : ForwardingBucket(*inner), shared_(std::move(inner)), stuck_(std::move(stuck)) {}

  Status put_if_absent(const std::string& key, std::string_view body) override {
    if (key == stuck_) return fail(Code::permission_denied, "not yours");
    return ForwardingBucket::put_if_absent(key, body);
  }

 private:
  const std::shared_ptr<ObjectStore> shared_;  // the fixture has it too, to look at
  const std::string stuck_;
};

}  // namespace waybill
