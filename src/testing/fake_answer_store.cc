#include "testing/fake_answer_store.h"

#include <algorithm>

namespace waybill {

Result<std::optional<KeptAnswer>> FakeAnswerStore::find(const std::string& owner) {
  const Lock lock(mutex_);
  const auto found = answers_.find(owner);
  if (found == answers_.end()) return std::nullopt;
  return found->second;
}

Result<KeptAnswer> FakeAnswerStore::keep(const KeptAnswer& answer) {
  const Lock lock(mutex_);
  return answers_.try_emplace(answer.owner, answer).first->second;
}

Result<std::size_t> FakeAnswerStore::remove(Time before, std::size_t limit) {
  const Lock lock(mutex_);
  const auto older = [](const auto& a, const auto& b) {
    return a.second.kept_at < b.second.kept_at;
  };
  std::size_t removed = 0;
  for (; removed < limit && !answers_.empty(); ++removed) {
    const auto oldest = std::min_element(answers_.begin(), answers_.end(), older);
    if (oldest->second.kept_at >= before) break;
    answers_.erase(oldest);
  }
  return removed;
}

}  // namespace waybill
