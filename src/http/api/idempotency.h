#pragma once

#include <cstddef>
#include <deque>
#include <map>
#include <optional>
#include <string>

#include "base/mutex.h"
#include "http/answer.h"

namespace waybill::http {

/// One call under an Idempotency-Key: by whom, and what.
struct KeyedCall {
  std::string owner;        ///< who asks, and the key
  std::string fingerprint;  ///< of method, path and body
};
/// A call's owner and fingerprint.
KeyedCall keyed_call(const std::string& who, const std::string& key, const Request& request);

/// What was answered to calls under an Idempotency-Key, in memory: to the newest of them. Creating
/// tasks does not need it, unless they name ids or dedup keys of their own: else these come from
/// the key, and the ledger knows them. Every other POST may be repeated after the server has
/// started anew: it is told then what is the case, which may be that it cannot be done once more.
/// Thread-safe.
class FirstAnswers {
 public:
  explicit FirstAnswers(std::size_t bytes_max = 64u << 20) : bytes_max_(bytes_max) {}

  /// The first answer to this call, with `Idempotent-Replayed: true`; none: it is the first. The
  /// problem `key-reused` where another call had the key.
  Answer<std::optional<Response>> find(const KeyedCall& call) const;
  void keep(const KeyedCall& call, const Response& response);

 private:
  struct Kept {
    std::string fingerprint;
    Response response;
  };
  const std::size_t bytes_max_;
  mutable Mutex mutex_;
  std::map<std::string, Kept> kept_ GUARDED_BY(mutex_);  // by owner
  std::deque<std::string> order_ GUARDED_BY(mutex_);     // oldest first
  std::size_t bytes_ GUARDED_BY(mutex_) = 0;             // of all answers, as good as
};

/// Why a key is none; empty: it is one. 1 to 200 printable characters of ASCII.
std::string key_problem(std::string_view key);

/// The problem of a key that another call had.
Problem key_reused();

}  // namespace waybill::http
