#include "testing/fake_secret_store.h"

#include <algorithm>

namespace waybill {
namespace {

tl::unexpected<Error> no_secret(const std::string& name) {
  return fail(Code::not_found, "there is no secret \"" + name + "\"");
}

}  // namespace

Result<SecretPut> FakeSecretStore::put(const SecretRecord& record) {
  if (Status fits = check_secret(record); !fits) return fail(fits.error());
  const Lock lock(mutex_);
  for (const auto& [name, other] : secrets_) {
    if (name == record.name || other.key_id == record.key_id) continue;
    return fail(Code::failed_precondition,
                "the other secrets are sealed under another key than this one, " + record.key_id);
  }
  const auto [entry, made] = secrets_.try_emplace(record.name, record);
  if (made) return SecretPut::made;
  const Time created_at = entry->second.created_at;
  entry->second = record;
  entry->second.created_at = created_at;
  entry->second.changed_at = std::max(record.changed_at, created_at);
  return SecretPut::replaced;
}

Result<SecretRecord> FakeSecretStore::get(const std::string& name) {
  const Lock lock(mutex_);
  const auto found = secrets_.find(name);
  if (found == secrets_.end()) return no_secret(name);
  return found->second;
}

Result<std::vector<SecretRecord>> FakeSecretStore::list() {
  std::vector<SecretRecord> records;
  const Lock lock(mutex_);
  for (const auto& [name, record] : secrets_) records.push_back(record);
  return records;
}

Status FakeSecretStore::remove(const std::string& name) {
  const Lock lock(mutex_);
  if (secrets_.erase(name) == 0) return no_secret(name);
  return {};
}

Status FakeSecretStore::reseal(std::span<const Resealing> all) {
  const Lock lock(mutex_);
  auto after = secrets_;
  bool same = all.size() == after.size();
  for (const Resealing& one : all) {
    const auto found = after.find(one.name);
    same = same && found != after.end() && found->second.sealed == one.sealed_before;
    if (!same) {
      return fail(Code::aborted, "a secret was changed meanwhile; nothing is sealed anew");
    }
    found->second.sealed = one.sealed;
    found->second.key_id = one.key_id;
  }
  if (!same) return fail(Code::aborted, "a secret was changed meanwhile; nothing is sealed anew");
  secrets_ = std::move(after);
  return {};
}

}  // namespace waybill
