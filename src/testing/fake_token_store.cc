#include "testing/fake_token_store.h"

#include <algorithm>
#include <tuple>

namespace waybill {

Status FakeTokenStore::put(const TokenRecord& record) {
  if (Status fits = check_token(record); !fits) return fits;
  const Lock lock(mutex_);
  const bool taken = std::any_of(tokens_.begin(), tokens_.end(), [&](const auto& entry) {
    const TokenRecord& other = entry.second;
    return other.name == record.name && other.revoked_at == Time{} && record.revoked_at == Time{};
  });
  if (taken || tokens_.contains(record.id)) {
    return fail(Code::already_exists, "there is a token '" + record.name + "' or its id already");
  }
  tokens_.emplace(record.id, record);
  return {};
}

Result<std::vector<TokenRecord>> FakeTokenStore::list() {
  std::vector<TokenRecord> records;
  const Lock lock(mutex_);
  for (const auto& [id, record] : tokens_) records.push_back(record);
  std::sort(records.begin(), records.end(), [](const TokenRecord& a, const TokenRecord& b) {
    return std::tie(a.created_at, a.id) < std::tie(b.created_at, b.id);
  });
  return records;
}

Status FakeTokenStore::revoke(const std::string& id, Time at) {
  const Lock lock(mutex_);
  const auto found = tokens_.find(id);
  if (found == tokens_.end()) return fail(Code::not_found, "no token with the id '" + id + "'");
  if (found->second.revoked_at == Time{}) found->second.revoked_at = at;
  return {};
}

Status FakeTokenStore::note_uses(std::span<const TokenUse> uses) {
  const Lock lock(mutex_);
  for (const TokenUse& use : uses) {
    const auto found = tokens_.find(use.id);
    if (found == tokens_.end()) continue;
    found->second.last_used_at = std::max(found->second.last_used_at, use.at);
  }
  return {};
}

}  // namespace waybill
