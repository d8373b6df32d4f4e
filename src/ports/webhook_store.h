#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "core/webhook.h"

namespace waybill {

/// What a webhook is made or changed with.
struct WebhookPut {
  WebhookSettings settings;
  Uuid id;                     ///< of a new one
  std::uint64_t sequence = 0;  ///< a new one is told what comes after it
  Time at{};
  std::string by;
};
enum class WebhookPutDone : std::uint8_t { made, replaced };

/// What came of sending.
struct WebhookSettlement {
  std::string name;
  Uuid id;
  std::string holder;
  WebhookHealth health;
  Time changed_at{};                       ///< of the settings that it was sent by
  bool gone = false;                       ///< its address wants no more
  std::vector<WebhookDelivery> failed{};   ///< put, or put anew
  std::vector<std::uint64_t> delivered{};  ///< of those that had failed before: removed
};

struct WebhookDeliveryQuery {
  std::string name;
  std::optional<Time> due_at{};  ///< only those to be sent by then, the longest due first
  std::uint64_t after = 0;       ///< else by sequence and without their bodies: those after it
  std::size_t limit = 100;
};

/// Webhooks, how far they are told, and what they have to be told again. Kept beside the ledger, by
/// the same adapter. Thread-safe; durable when a call returns. Errors as for Ledger.
class WebhookStore {
 public:
  virtual ~WebhookStore() = default;

  /// Adds one, as check_webhook wants it, or gives that of its name other settings: the rest stays,
  /// but another address is no longer gone, nor left alone. `failed_precondition`: there are
  /// kWebhooksMax.
  virtual Result<WebhookPutDone> put(const WebhookPut& put) = 0;
  /// All of them by name. One that cannot be read is there as paused, with an error that says so.
  virtual Result<std::vector<Webhook>> list() = 0;
  /// With its deliveries. `not_found` if there is none of that name.
  virtual Status remove(const std::string& name) = 0;
  /// Pauses it, or lets it go on at once, also if it was gone or left alone after failures.
  /// `not_found` if there is none of that name.
  virtual Status set_state(const std::string& name, WebhookState state, Time at,
                           const std::string& by) = 0;

  /// Holds it for one of several servers. False: another one holds it at `now`, or it is not there.
  /// `now` is this machine's time; a ledger with a clock of its own goes by that, and takes only
  /// how long from the two. Who holds it may rely on no more than `until` - `now` from the call on.
  /// A hold that is longer than `until` was made by a clock that went back, and does not count. Who
  /// holds it lets go of it with `until` = `now`, which takes nothing from anybody else.
  virtual Result<bool> hold(const std::string& name, const std::string& holder, Time now,
                            Time until) = 0;
  /// Writes down what came of sending, all or none; of what was given up the newest
  /// kWebhookGivenUpMax stay. It is `gone` only if nobody has changed it since. `aborted`, with
  /// nothing changed: it is not held by this holder, or is another one by now.
  virtual Status settle(const WebhookSettlement& settlement) = 0;
  virtual Result<std::vector<WebhookDelivery>> deliveries(const WebhookDeliveryQuery& query) = 0;
  /// Has those that were given up sent again at `at`, and then as after a first attempt; how many.
  virtual Result<std::size_t> revive(const std::string& name, Time at) = 0;
};

}  // namespace waybill
