#pragma once

#include <cstdint>

#include "base/mutex.h"
#include "base/uuid.h"

namespace waybill::postgres {

/// Makes tags for transactions that cannot ask the server for one first: they go on from one that
/// it has given at random, and so are like no other's. Thread-safe.
class Tags {
 public:
  /// One that the server gave, to this program alone; the first counts.
  void begin_from(const Uuid& given) {
    const Lock lock(mutex_);
    if (base_.is_nil()) base_ = given;
  }
  /// Nil: none was given yet.
  Uuid next() {
    const Lock lock(mutex_);
    if (base_.is_nil()) return {};
    Uuid tag = base_;
    std::uint64_t number = ++count_;
    for (std::size_t i = tag.bytes.size(); number > 0; number >>= 8) {
      tag.bytes[--i] ^= static_cast<std::uint8_t>(number & 0xff);
    }
    return tag;
  }

 private:
  Mutex mutex_;
  Uuid base_ GUARDED_BY(mutex_);
  std::uint64_t count_ GUARDED_BY(mutex_) = 0;
};

}  // namespace waybill::postgres
