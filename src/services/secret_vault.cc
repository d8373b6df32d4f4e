#include "services/secret_vault.h"

#include <utility>

#include "base/seal.h"
#include "core/task.h"

namespace waybill {

SecretVault::SecretVault(SecretStore& store, Clock& clock, Params params)
    : store_(store), clock_(clock), params_(std::move(params)) {}

Status SecretVault::require_key() const {
  if (params_.key) return {};
  return fail(Code::failed_precondition,
              "this process has no key for secrets; give it one by WAYBILL_SECRET_KEY or "
              "--secret-key-file, which `openssl rand -base64 32` makes");
}

std::string SecretVault::seal_under(std::string_view key, std::string_view name,
                                    std::string_view value) const {
  return seal(
      value,
      {.key = key, .nonce = params_.random_bytes(kSealNonceBytes), .place = secret_place(name)});
}

Result<std::string> SecretVault::open(const SecretRecord& record) const {
  const std::string own = secret_key_id(*params_.key);
  if (record.key_id != own) {
    return fail(Code::failed_precondition, "secret \"" + record.name +
                                               "\" is sealed under the key " + record.key_id +
                                               ", and this process has the key " + own);
  }
  auto value = unseal(record.sealed, *params_.key, secret_place(record.name));
  if (!value) return fail(with_context(value.error(), "secret \"" + record.name + "\""));
  return value;
}

Status SecretVault::check(std::string_view name, std::string_view value) const {
  if (!is_name(name)) {
    return fail(Code::invalid_argument, "a secret's name " + std::string(kNameRule));
  }
  if (Status fits = check_secret_value(value); !fits) {
    return fail(with_context(fits.error(), "secret \"" + std::string(name) + "\""));
  }
  return require_key();
}

Result<SecretPut> SecretVault::put(std::string_view name, std::string_view value,
                                   std::string_view who) {
  if (Status fits = check(name, value); !fits) return fail(fits.error());
  const Time now = clock_.now();
  auto put = store_.put({.name = std::string(name),
                         .sealed = seal_under(*params_.key, name, value),
                         .key_id = secret_key_id(*params_.key),
                         .created_at = now,
                         .changed_at = now,
                         .changed_by = std::string(who)});
  if (put || put.error().code != Code::failed_precondition) return put;
  Error error = put.error();
  error.message += "; give that key, or change it with `waybill secret rotate`";
  return fail(std::move(error));
}

Result<std::string> SecretVault::secret(std::string_view name) {
  const auto record = store_.get(std::string(name));
  if (!record) return fail(record.error());
  if (Status ready = require_key(); !ready) return fail(ready.error());
  return open(*record);
}

Result<std::size_t> SecretVault::check_all() {
  if (Status ready = require_key(); !ready) return fail(ready.error());
  const auto records = store_.list();
  if (!records) return fail(records.error());
  for (const SecretRecord& record : *records) {
    if (const auto value = open(record); !value) return fail(value.error());
  }
  return records->size();
}

Result<std::size_t> SecretVault::rotate(std::string_view new_key) {
  if (Status ready = require_key(); !ready) return fail(ready.error());
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
