#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "base/mutex.h"
#include "base/time.h"
#include "http/answer.h"

namespace waybill {
class AnswerStore;
}

namespace waybill::http {

/// One call under an Idempotency-Key: by whom, and what.
struct KeyedCall {
  std::string owner;        ///< who asks, and the key
  std::string fingerprint;  ///< of method, path and body
};
/// A call's owner and fingerprint.
KeyedCall keyed_call(const std::string& who, const std::string& key, const Request& request);

/// Where the first answer to a call is kept. What workers ask is safe to repeat by its fences, and
/// their answers may hold the values of secrets: so these are never written anywhere.
enum class Keeping : std::uint8_t { in_memory, durably };

/// What was answered to calls under an Idempotency-Key: in memory to the newest of them, and where
/// that is asked for in a store too, which a restart leaves as it is. Creating tasks does not need
/// it, unless they name ids or dedup keys of their own: else these come from the key, and the
/// ledger knows them. Thread-safe; blocks for the store.
class FirstAnswers {
 public:
  /// The store outlives it; null: all is kept in memory alone.
  explicit FirstAnswers(std::size_t bytes_max = 64u << 20, AnswerStore* store = nullptr)
      : bytes_max_(bytes_max), store_(store) {}

  /// The first answer to this call, with `Idempotent-Replayed: true`; none: it is the first. The
  /// problem `key-reused` where another call had the key; those of the store.
  Answer<std::optional<Response>> find(const KeyedCall& call, Keeping keeping) const;
  /// Marks a call as under way: the same again meanwhile would be done twice.
  class UnderWay {
   public:
    UnderWay(FirstAnswers& answers, const std::string& owner);
    ~UnderWay();
    UnderWay(const UnderWay&) = delete;
    UnderWay& operator=(const UnderWay&) = delete;
    bool is_ours() const { return is_ours_; }

   private:
    FirstAnswers& answers_;
    const std::string owner_;
    bool is_ours_ = false;
  };
  /// What it cannot write down is kept in memory all the same: what was done is done.
  void keep(const KeyedCall& call, const Response& response, Keeping keeping, Time now);

 private:
  struct Kept {
    std::string fingerprint;
    Response response;
  };
  Answer<std::optional<Response>> find_stored(const KeyedCall& call) const;
  void remember(const KeyedCall& call, const Response& response);

  const std::size_t bytes_max_;
  AnswerStore* const store_;
  mutable Mutex mutex_;
  std::map<std::string, Kept> kept_ GUARDED_BY(mutex_);  // by owner
  std::deque<std::string> order_ GUARDED_BY(mutex_);     // oldest first
  std::set<std::string> under_way_ GUARDED_BY(mutex_);   // by owner
  std::size_t bytes_ GUARDED_BY(mutex_) = 0;             // of all answers, as good as
};

/// Why a key is none; empty: it is one. 1 to 200 printable characters of ASCII.
std::string key_problem(std::string_view key);

/// The problem of a key whose first call is not answered yet: try again.
Problem key_under_way();
/// The problem of a key that another call had.
Problem key_reused();

}  // namespace waybill::http
