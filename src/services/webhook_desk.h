#pragma once

#include <boost/json/fwd.hpp>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/ip_network.h"
#include "core/webhook.h"
#include "ports/clock.h"
#include "ports/ledger_reader.h"
#include "ports/webhook_store.h"
#include "services/webhook_post.h"

namespace waybill {

/// What people do with webhooks, at the API and the command line. Thread-safe; blocks.
class WebhookDesk {
 public:
  struct Ports {
    WebhookStore& store;
    LedgerReader& reader;
    WebhookPost& post;
    Clock& clock;
    std::function<Uuid()> new_id;
  };
  /// The ports outlive it. `networks`: those that webhooks may reach besides public addresses.
  WebhookDesk(Ports ports, std::vector<IpNetwork> networks)
      : ports_(std::move(ports)), networks_(std::move(networks)) {}

  /// Adds one, which is told what changes from now on, or gives that of its name other settings.
  /// `invalid_argument` names the field that cannot be; `failed_precondition`: its secrets are not
  /// there, or are no keys.
  Result<WebhookPutDone> put(const WebhookSettings& settings, std::string_view who);
  /// What put() would refuse of the settings themselves: all but its secrets.
  Status check_settings(const WebhookSettings& settings) const;
  /// What put() would refuse.
  Status check(const WebhookSettings& settings);
  Result<std::vector<Webhook>> list() { return ports_.store.list(); }
  /// `not_found` if there is none of that name; as for those below.
  Result<Webhook> find(std::string_view name);
  Status remove(std::string_view name) { return ports_.store.remove(std::string(name)); }
  Status pause(std::string_view name, std::string_view who);
  /// Also one whose address had answered that it wants no more.
  Status resume(std::string_view name, std::string_view who);
  /// Those that were not taken so far, by sequence: after `after`.
  Result<std::vector<WebhookDelivery>> deliveries(std::string_view name, std::uint64_t after,
                                                  std::size_t limit);
  /// Has those that were given up sent again; how many.
  Result<std::size_t> replay(std::string_view name);

  struct Tried {
    std::string id;
    int status = 0;     ///< 0: there was no answer
    std::string error;  ///< empty: it was taken
  };
  /// Sends a message that tells of nothing, and waits for what comes of it.
  Result<Tried> test(std::string_view name, const Deadline& deadline);

 private:
  const Ports ports_;
  const std::vector<IpNetwork> networks_;
};

/// {id, delivered, status, error}, for the command line and APIs.
boost::json::object to_json(const WebhookDesk::Tried& tried);

}  // namespace waybill
