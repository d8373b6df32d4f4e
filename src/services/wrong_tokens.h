#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/mutex.h"
#include "ports/clock.h"

namespace waybill {

/// What counts as one client: an IPv4 address, or the /64 of an IPv6 address, all of which whoever
/// has one of them has. Any other text as it is.
std::string network_of(std::string_view address);

struct WrongTokensParams {
  int told_max = 20;  ///< wrong tokens of one client within `within` that are told to be wrong
  Duration within = std::chrono::minutes(1);
  Duration slowed_for = std::chrono::minutes(1);
  std::size_t clients_max = 10'000;  ///< in memory
};

/// Slows clients that come with one wrong token after another. It is asked once a token was found
/// to be wrong, so that nobody who shares an address with such a client (a proxy, an office) is
/// kept out: to judge a token is constant work, out of memory. Thread-safe; never blocks.
class WrongTokens {
 public:
  /// `clock` outlives it.
  explicit WrongTokens(Clock& clock, const WrongTokensParams& params = {})
      : clock_(clock), params_(params) {}

  /// A wrong token came from that address. None: that is to be told; else how long the client is to
  /// stay away. What comes meanwhile makes that no longer.
  std::optional<Duration> note(std::string_view address) EXCLUDES(mutex_);
  /// Whether a wrong token from there would be sent away now.
  bool is_slowed(std::string_view address) const EXCLUDES(mutex_);
  /// How many were sent away, in all.
  std::uint64_t refused() const { return refused_; }
  std::size_t clients() const EXCLUDES(mutex_);

 private:
  struct Client {
    std::string network;
    SteadyTime since{};  ///< the first of `count`
    int count = 0;
    SteadyTime slowed_until{};
  };
  Client& client(const std::string& network, SteadyTime now) REQUIRES(mutex_);

  Clock& clock_;
  const WrongTokensParams params_;
  std::atomic<std::uint64_t> refused_ = 0;
  mutable Mutex mutex_;
  std::list<Client> clients_ GUARDED_BY(mutex_);  // by when they began, the latest last
  std::unordered_map<std::string_view, std::list<Client>::iterator> by_network_ GUARDED_BY(mutex_);
};

}  // namespace waybill
