#include "services/wrong_tokens.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>

#include "base/log.h"

namespace waybill {
namespace {

constexpr std::size_t kNetworkBytes = 8;
/// RFC 4291, 2.5.5.2: an IPv4 address as a socket for both kinds tells it.
constexpr std::string_view kMapped("\0\0\0\0\0\0\0\0\0\0\xff\xff", 12);

std::string text_of(int family, const char* bytes) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  inet_ntop(family, bytes, text.data(), text.size());
  return text.data();
}

}  // namespace

std::string network_of(std::string_view address) {
  std::array<char, sizeof(in6_addr)> bytes{};
  if (inet_pton(AF_INET6, std::string(address).c_str(), bytes.data()) != 1) {
    return std::string(address);
  }
  if (std::string_view(bytes.data(), bytes.size()).starts_with(kMapped)) {
    return text_of(AF_INET, bytes.data() + kMapped.size());
  }
  std::fill(bytes.begin() + kNetworkBytes, bytes.end(), '\0');
  return text_of(AF_INET6, bytes.data()) + "/64";
}

WrongTokens::Client& WrongTokens::client(const std::string& network, SteadyTime now) {
  const auto found = by_network_.find(network);
  if (found != by_network_.end()) return *found->second;
  if (clients_.size() >= params_.clients_max) {
    by_network_.erase(clients_.front().network);
    clients_.pop_front();
  }
  clients_.push_back({.network = network, .since = now});
  by_network_.emplace(clients_.back().network, std::prev(clients_.end()));
  return clients_.back();
}

std::optional<Duration> WrongTokens::note(std::string_view address) {
  const SteadyTime now = clock_.steady_now();
  const std::string network = network_of(address);
  {
    const Lock lock(mutex_);
    Client& client = this->client(network, now);
    if (now < client.slowed_until) {
      ++refused_;
      return client.slowed_until - now;
    }
    if (now - client.since >= params_.within) {
      client.since = now;
      client.count = 0;
      clients_.splice(clients_.end(), clients_, by_network_.find(network)->second);
    }
    if (++client.count <= params_.told_max) return std::nullopt;
    client.slowed_until = now + params_.slowed_for;
    ++refused_;
  }
  log::warn("wrong_tokens", "one wrong token after another: it is told to stay away for a while",
            {{"from", network}, {"for", format_duration(params_.slowed_for)}});
  return params_.slowed_for;
}

bool WrongTokens::is_slowed(std::string_view address) const {
  const SteadyTime now = clock_.steady_now();
  const std::string network = network_of(address);
  const Lock lock(mutex_);
  const auto found = by_network_.find(network);
  return found != by_network_.end() && now < found->second->slowed_until;
}

std::size_t WrongTokens::clients() const {
  const Lock lock(mutex_);
  return clients_.size();
}

}  // namespace waybill
