#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/mutex.h"
#include "base/result.h"
#include "ports/clock.h"
#include "ports/secret_source.h"
#include "ports/secret_store.h"

namespace waybill {

/// Seals and opens secrets: the one place that has both the keys and what is sealed. It takes other
/// keys when it comes upon what is sealed under none of those it has. Thread-safe.
class SecretVault final : public SecretSource {
 public:
  struct Params {
    /// Each of kSealKeyBytes bytes: the first seals, all open; none: nothing can be put or read.
    std::vector<std::string> keys;
    /// So many bytes that nobody can guess; thread-safe.
    std::function<std::string(std::size_t)> random_bytes;
    /// The keys as they are now, asked where none of those above is the right one; thread-safe.
    /// Empty: they never change.
    std::function<Result<std::vector<std::string>>()> read_keys{};
  };
  /// Store and clock outlive it.
  SecretVault(SecretStore& store, Clock& clock, Params params);

  /// Puts a value under a name. Errors: `invalid_argument` a name or value that cannot be;
  /// `failed_precondition` no key, or another one than that of the other secrets; the store's.
  Result<SecretPut> put(std::string_view name, std::string_view value, std::string_view who);
  /// What put() would refuse without looking at the store.
  Status check(std::string_view name, std::string_view value);
  Result<std::string> secret(std::string_view name) override;
  Result<std::vector<SecretRecord>> list() { return store_.list(); }
  Result<SecretRecord> record(std::string_view name) { return store_.get(std::string(name)); }
  Status remove(std::string_view name) { return store_.remove(std::string(name)); }

  /// Seals all of them under another key, all or none; how many. This vault goes on with its own
  /// keys, and cannot read them any more unless it finds the other among them. Errors as for
  /// secret(); `aborted`: one was changed meanwhile.
  Result<std::size_t> rotate(std::string_view new_key);
  /// What rotate() would do: opens each.
  Result<std::size_t> check_all();

 private:
  Result<std::vector<std::string>> keys() EXCLUDES(mutex_);
  /// Whether the keys are others now than those that were tried.
  bool read_again(const std::vector<std::string>& tried) EXCLUDES(mutex_);
  std::string seal_under(std::string_view key, std::string_view name, std::string_view value) const;
  Result<std::string> open(const SecretRecord& record);
  Result<SecretPut> put_under(const std::vector<std::string>& keys, SecretRecord record,
                              std::string_view value);

  SecretStore& store_;
  Clock& clock_;
  const Params params_;
  Mutex mutex_;
  std::vector<std::string> keys_ GUARDED_BY(mutex_);
};

}  // namespace waybill
