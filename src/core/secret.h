#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace waybill {

/// A value must fit into one variable of an environment.
inline constexpr std::size_t kSecretBytesMax = 64 << 10;
inline constexpr std::size_t kSecretKeyIdDigits = 16;

/// A secret as it is kept: sealed (base/seal.h).
struct SecretRecord {
  std::string name;    ///< is_name
  std::string sealed;  ///< under the key that `key_id` tells, for secret_place(name)
  std::string key_id;  ///< secret_key_id
  Time created_at{};
  Time changed_at{};  ///< when the value was last put
  std::string changed_by;

  bool operator==(const SecretRecord&) const = default;
};
/// Refuses, with `invalid_argument`, what no store may take.
Status check_secret(const SecretRecord& record);

/// Refuses, with `invalid_argument` that does not repeat it, a value that no program could be
/// given: empty, longer than kSecretBytesMax, or with a zero byte.
Status check_secret_value(std::string_view value);

/// Tells one sealing key from another without telling the key: 16 digits of a hash of it.
std::string secret_key_id(std::string_view key);

/// The place that a secret's value is sealed for.
std::string secret_place(std::string_view name);

/// Whether the spec of a task, a JSON object, names secrets that the task's process is to be given
/// (`secrets`) or that its kind is to send (fields that end in `_secret`), at any depth.
bool names_secrets(std::string_view spec);
/// Which ones it names, each once, by name.
std::vector<std::string> secrets_named(std::string_view spec);

}  // namespace waybill
