#include "services/secret_vault.h"

#include <utility>

#include "base/log.h"
#include "base/seal.h"
#include "core/task.h"

namespace waybill {

SecretVault::SecretVault(SecretStore& store, Clock& clock, Params params)
    : store_(store), clock_(clock), params_(std::move(params)), keys_(params_.keys) {}

Result<std::vector<std::string>> SecretVault::keys() {
  {
    const Lock lock(mutex_);
    if (!keys_.empty()) return keys_;
  }
  return fail(Code::failed_precondition,
              "this process has no key for secrets; give it one by WAYBILL_SECRET_KEY or "
              "--secret-key-file, which `openssl rand -base64 32` makes");
}

bool SecretVault::read_again(const std::vector<std::string>& tried) {
  if (!params_.read_keys) return false;
  auto read = params_.read_keys();
  if (!read) {
    log::warn("secret_key_not_read", read.error().message);
    return false;
  }
  {
    const Lock lock(mutex_);
    if (read->empty() || *read == tried) return false;
    // Another thread has taken them meanwhile.
    if (*read == keys_) return true;
    keys_ = std::move(*read);
  }
  log::info("secret_key_read", "the key for secrets has changed, and is taken from now on");
  return true;
}

std::string SecretVault::seal_under(std::string_view key, std::string_view name,
                                    std::string_view value) const {
  return seal(
      value,
      {.key = key, .nonce = params_.random_bytes(kSealNonceBytes), .place = secret_place(name)});
}

Result<std::string> SecretVault::open(const SecretRecord& record) {
  std::string own;
  std::vector<std::string> tried;
  do {
    auto keys = this->keys();
    if (!keys) return fail(keys.error());
    own.clear();
    for (const std::string& key : *keys) {
      const std::string id = secret_key_id(key);
      own += (own.empty() ? "" : ", ") + id;
      if (id != record.key_id) continue;
      auto value = unseal(record.sealed, key, secret_place(record.name));
      if (!value) return fail(with_context(value.error(), "secret \"" + record.name + "\""));
      return value;
    }
    tried = std::move(*keys);
  } while (read_again(tried));
  return fail(Code::failed_precondition, "secret \"" + record.name + "\" is sealed under the key " +
                                             record.key_id + ", and this process has the key " +
                                             own);
}

Status SecretVault::check(std::string_view name, std::string_view value) {
  if (!is_name(name)) {
    return fail(Code::invalid_argument, "a secret's name " + std::string(kNameRule));
  }
  if (Status fits = check_secret_value(value); !fits) {
    return fail(with_context(fits.error(), "secret \"" + std::string(name) + "\""));
  }
  if (const auto any = keys(); !any) return fail(any.error());
  return {};
}

Result<SecretPut> SecretVault::put(std::string_view name, std::string_view value,
                                   std::string_view who) {
  if (Status fits = check(name, value); !fits) return fail(fits.error());
  const Time now = clock_.now();
  const SecretRecord record{.name = std::string(name),
                            .sealed = {},
                            .key_id = {},
                            .created_at = now,
                            .changed_at = now,
                            .changed_by = std::string(who)};
  for (;;) {
    const auto keys = this->keys();
    if (!keys) return fail(keys.error());
    auto put = put_under(*keys, record, value);
    if (put || put.error().code != Code::failed_precondition) return put;
    if (read_again(*keys)) continue;
    Error error = put.error();
    error.message += "; give that key, or change it with `waybill secret rotate`";
    return fail(std::move(error));
  }
}

/// Under the first that the store takes: all secrets have the same, which while it is changed may
/// be an older one.
Result<SecretPut> SecretVault::put_under(const std::vector<std::string>& keys, SecretRecord record,
                                         std::string_view value) {
  Result<SecretPut> put = fail(Code::internal, "there is no key");
  for (const std::string& key : keys) {
    record.sealed = seal_under(key, record.name, value);
    record.key_id = secret_key_id(key);
    put = store_.put(record);
    if (put || put.error().code != Code::failed_precondition) return put;
  }
  return put;
}

Result<std::string> SecretVault::secret(std::string_view name) {
  const auto record = store_.get(std::string(name));
  if (!record) return fail(record.error());
  if (const auto any = keys(); !any) return fail(any.error());
  return open(*record);
}

Result<std::size_t> SecretVault::check_all() {
  if (const auto any = keys(); !any) return fail(any.error());
  const auto records = store_.list();
  if (!records) return fail(records.error());
  for (const SecretRecord& record : *records) {
    if (const auto value = open(record); !value) return fail(value.error());
  }
  return records->size();
}

Result<std::size_t> SecretVault::rotate(std::string_view new_key) {
  if (const auto any = keys(); !any) return fail(any.error());
  const auto records = store_.list();
  if (!records) return fail(records.error());
  std::vector<Resealing> all;
  for (const SecretRecord& record : *records) {
    const auto value = open(record);
    if (!value) return fail(value.error());
    all.push_back({.name = record.name,
                   .sealed_before = record.sealed,
                   .sealed = seal_under(new_key, record.name, *value),
                   .key_id = secret_key_id(new_key)});
  }
  if (Status done = store_.reseal(all); !done) return fail(done.error());
  return all.size();
}

}  // namespace waybill
