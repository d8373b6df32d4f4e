#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "core/webhook.h"
#include "ports/clock.h"
#include "ports/http_client.h"
#include "ports/ledger_reader.h"
#include "ports/secret_source.h"
#include "ports/webhook_store.h"
#include "services/service.h"
#include "services/webhook_post.h"

namespace waybill {

inline constexpr Duration kWebhookAnswerMax = std::chrono::seconds(10);

struct WebhookSenderParams {
  std::string holder;       ///< tells this server from others
  std::size_t lane = 0;     ///< it sends for those webhooks whose names fall to this lane,
  std::size_t lanes = 1;    ///< of so many: a slow address holds up its own lane alone
  std::size_t batch = 64;   ///< messages of one step
  std::size_t at_once = 8;  ///< of them under way
  /// How long after its end another server goes on. Longer than `answer_max`.
  Duration hold = std::chrono::seconds(20);
  Duration answer_max = kWebhookAnswerMax;  ///< before a message counts as not taken
};

/// What was sent since the start.
struct WebhookCounts {
  std::uint64_t delivered = 0;
  std::uint64_t failed = 0;    ///< attempts
  std::uint64_t given_up = 0;  ///< messages
};

/// Tells webhooks of the ledger's changes: each at least once, with the same id every time, also
/// over a crash; what is not taken is sent again for three days. While an address fails it gets one
/// message now and then, and the others wait in the ledger. step() on one thread; counts() on any.
class WebhookSender final : public Service {
 public:
  struct Ports {
    WebhookStore& store;
    LedgerReader& reader;
    WebhookPost& post;
    Clock& clock;
    std::function<double()> chance;  ///< in [0, 1)
  };
  /// The ports outlive it.
  WebhookSender(Ports ports, WebhookSenderParams params);

  std::string_view name() const override { return "webhook_sender"; }
  /// Begins no message whose answer could come after the deadline: that has to be further off than
  /// `answer_max`.
  Result<Duration> step(const Deadline& deadline) override;
  /// Lets another server go on at once; after the last step.
  void release();
  WebhookCounts counts() const;

 private:
  /// Where a webhook is, which is written down only now and then while it is told nothing.
  struct Place {
    Uuid id;
    std::uint64_t sequence = 0;
    std::uint64_t saved = 0;      ///< in the store
    std::size_t passed_over = 0;  ///< changes since then
    Time saved_at{};
    SteadyTime held_until{};
    Time error_until{};      ///< after something of our own went wrong with it
    bool news_next = false;  ///< what had failed before has just failed again
  };
  struct Message {
    WebhookDelivery delivery;  ///< with what came of its attempts before
    std::uint64_t before = 0;  ///< all up to it was looked at before this one
    Result<HttpResponse> answer = fail(Code::cancelled, "not sent");
    bool sent = false;
  };
  /// What is to be sent now.
  struct Batch {
    std::vector<Message> messages;
    std::uint64_t looked_at = 0;  ///< all changes up to it are in it, or not wanted
    std::size_t passed_over = 0;  ///< changes that were looked at for it
    bool is_news = false;
    bool is_all = true;  ///< that there is now
  };
  enum class Told : std::uint8_t {
    nothing,    ///< there is nothing to tell now
    more,       ///< there may be more to tell
    something,  ///< and time has passed: what was read before is old
  };

  bool is_ours(const std::string& name) const;
  Place& place_of(const Webhook& hook);
  Result<Told> tell(const Webhook& hook, const Deadline& deadline);
  Result<Told> send_batch(const Webhook& hook, Place& place, Batch batch, const Deadline& deadline);
  Result<Batch> next_batch(const Webhook& hook, Place& place);
  Result<Batch> news(const Webhook& hook, const Place& place);
  /// Goes on behind what is gone.
  Result<Told> skip_what_is_gone(const Webhook& hook, Place& place);
  Result<Told> pass_over(const Webhook& hook, Place& place, const Batch& batch);
  /// Made anew, a webhook has to be read again before anything is sent or written down.
  enum class Hold : std::uint8_t { kept, made, refused };
  Result<Hold> hold(const Webhook& hook, Place& place);
  /// In order, and no more once one has failed.
  void send(const Webhook& hook, std::vector<Message>& messages, SteadyTime held_until,
            const Deadline& deadline);
  WebhookSettlement settlement_of(const Webhook& hook, const Place& place) const;
  /// What came of the messages, of which those that were sent come first.
  void note(const std::vector<Message>& messages, WebhookSettlement& settlement);
  WebhookDelivery failed_again(const Message& message, Duration asked);
  Status settle(const WebhookSettlement& settlement, Place& place);
  Status wait_for_news(const Deadline& deadline);

  const Ports ports_;
  const WebhookSenderParams params_;
  std::map<std::string, Place> places_;
  std::uint64_t newest_ = 0;  // in the ledger, as far as it was looked at
  std::string last_served_;   // the others come first
  std::atomic<std::uint64_t> delivered_{0};
  std::atomic<std::uint64_t> failed_{0};
  std::atomic<std::uint64_t> given_up_{0};
};

}  // namespace waybill
