#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "base/uuid.h"
#include "core/task.h"
#include "core/transition.h"

namespace waybill {

inline constexpr std::size_t kWebhooksMax = 100;
inline constexpr std::size_t kWebhookSecretsMax = 3;
/// What a webhook sends at most; a task's result and error are left out where it would be more.
inline constexpr std::size_t kWebhookBodyBytesMax = 64 << 10;
/// Deliveries that were given up and are kept to be looked at and sent again; the newest.
inline constexpr std::size_t kWebhookGivenUpMax = 1000;

/// Where changes are told, and which. Empty lists do not filter.
struct WebhookSettings {
  std::string name;
  std::string url;
  std::vector<State> states;  ///< after the change
  std::vector<std::string> queues;
  std::vector<std::string> kinds;
  std::vector<std::string> definitions;
  /// Names of the secrets that it is signed with, each by itself: two while one takes the place of
  /// the other.
  std::vector<std::string> secrets;

  bool operator==(const WebhookSettings&) const = default;
};

enum class WebhookState : std::uint8_t {
  active = 0,
  paused = 1,  ///< by a person; nothing is missed
  gone = 2,    ///< its address answered 410: it wants no more
};
inline constexpr int kWebhookStateCount = 3;
std::string_view to_string(WebhookState state);

/// How it went so far.
struct WebhookHealth {
  std::uint64_t sequence = 0;  ///< every change up to it is told, or waits to be told again
  std::int64_t failures = 0;   ///< in a row
  Time wait_until{};           ///< nothing is sent before it
  Time succeeded_at{};
  Time failed_at{};
  int status = 0;         ///< what its last failure was answered; 0: there was no answer
  std::string error;      ///< why the last one failed; empty: it did not
  std::int64_t gaps = 0;  ///< times that changes were gone from the ledger before they were told

  bool operator==(const WebhookHealth&) const = default;
};

struct Webhook {
  WebhookSettings settings;
  Uuid id;  ///< tells it from others that had its name
  WebhookState state = WebhookState::active;
  WebhookHealth health;
  Time created_at{};
  Time changed_at{};
  std::string changed_by;

  bool operator==(const Webhook&) const = default;
};

/// A change that was not taken at first. Its body never changes.
struct WebhookDelivery {
  std::uint64_t sequence = 0;
  std::string body;
  std::int64_t attempts = 0;
  Time next_at{};  ///< nothing if it was given up
  bool given_up = false;
  int status = 0;
  std::string error;

  bool operator==(const WebhookDelivery&) const = default;
};

/// `failed_precondition`: kWebhooksMax are there.
tl::unexpected<Error> too_many_webhooks();
/// Refuses, with `invalid_argument` that names the field, what no store may take.
Status check_webhook(const WebhookSettings& settings);
/// Whether an address is encrypted on the way: https.
bool is_encrypted(std::string_view url);

/// Whether it is to be told of a change, as far as the change itself says that.
bool wants_change(const WebhookSettings& settings, std::string_view queue, State state);
bool wants_task(const WebhookSettings& settings, const TaskRequest& task);
/// Whether a task's kind and definition matter.
bool asks_for_task(const WebhookSettings& settings);

/// A change as it is told.
struct WebhookEvent {
  std::uint64_t sequence = 0;
  Uuid task_id;
  std::string queue;
  HistoryEntry entry;
  std::optional<Task> task;  ///< as it is now; none: it is gone
};
/// The id of a message: the same however often it is sent, and for no other change.
std::string webhook_message_id(const Uuid& webhook, std::uint64_t sequence);
/// A CloudEvent 1.0 in structured JSON: type `waybill.task.STATE`, subject the task's id, data the
/// change and the task without its params and spec. At most kWebhookBodyBytesMax.
std::string webhook_body(const Uuid& webhook, const WebhookEvent& event);
/// One that tells of nothing: type `waybill.webhook.test`.
std::string webhook_test_body(const Uuid& webhook, const Uuid& message, Time now);

/// The key in a secret of a webhook: `whsec_` and 24 to 64 bytes in base64 (Standard Webhooks).
/// `invalid_argument` that does not repeat it.
Result<std::string> parse_webhook_secret(std::string_view secret);
std::string format_webhook_secret(std::string_view key);
/// The value of `webhook-signature`: `v1,` and the HMAC of id, time and body in base64, once for
/// each key.
std::string webhook_signature(std::span<const std::string> keys, std::string_view id,
                              std::int64_t timestamp_s, std::string_view body);

/// How long after its `attempts`-th attempt a message is sent again, with up to a tenth more by
/// `chance` in [0, 1); none: it is given up, after ten attempts in three days.
std::optional<Duration> webhook_retry_delay(std::int64_t attempts, double chance);
/// How long an address is left alone after so many failures in a row: 1 s, 2 s, 4 s … 5 min.
Duration webhook_pause(std::int64_t failures);

}  // namespace waybill
