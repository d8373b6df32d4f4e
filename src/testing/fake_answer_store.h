#pragma once

#include <map>
#include <optional>
#include <string>

#include "base/mutex.h"
#include "ports/answer_store.h"

namespace waybill {

/// First answers in memory. Thread-safe.
class FakeAnswerStore final : public AnswerStore {
 public:
  Result<std::optional<KeptAnswer>> find(const std::string& owner) override;
  Result<KeptAnswer> keep(const KeptAnswer& answer) override;
  Result<std::size_t> remove(Time before, std::size_t limit) override;

 private:
  Mutex mutex_;
  std::map<std::string, KeptAnswer> answers_ GUARDED_BY(mutex_);  // by owner
};

}  // namespace waybill
