#include "services/webhook_sender.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/digest.h"
#include "base/log.h"
#include "services/parallel.h"

namespace waybill {
namespace {

constexpr std::size_t kEventsAtOnce = 500;
/// How soon changed webhooks, and those that have waited, are seen.
constexpr Duration kLook = std::chrono::seconds(1);
/// The changes of a busy ledger are told in batches, rather than looked for after each commit.
constexpr Duration kGather = std::chrono::milliseconds(20);
/// A place is written down when so much was passed over, or so long ago.
constexpr std::size_t kPassedOverMax = 10'000;
constexpr Duration kUnsavedFor = std::chrono::seconds(30);
/// How long a webhook is left out after something of our own went wrong with it.
constexpr Duration kAfterError = std::chrono::seconds(10);
/// Between the last answer that is waited for, and the end of the hold.
constexpr Duration kToWriteDown = std::chrono::seconds(2);
constexpr Duration kAskedMax = std::chrono::hours(24);
constexpr int kGone = 410;

bool is_taken(const Result<HttpResponse>& answer) { return webhook_failure(answer).empty(); }

/// Whether a refusal is of the message, by somebody who is there and well: others may be taken.
/// What is not, as a wrong key or a path that is gone, is of the address.
bool is_about_message(int status) {
  constexpr int kAboutAddress[] = {401, 403, 404, 407, 408, 410, 425, 429};
  return status >= 400 && status < 500 &&
         std::ranges::find(kAboutAddress, status) == std::end(kAboutAddress);
}

/// Spreads names over lanes, the same on every machine.
std::size_t lane_of(const std::string& name, std::size_t lanes) {
  return static_cast<unsigned char>(sha256(name).front()) % lanes;
}

}  // namespace

WebhookSender::WebhookSender(Ports ports, WebhookSenderParams params)
    : ports_(std::move(ports)), params_(std::move(params)) {}

WebhookCounts WebhookSender::counts() const {
  return {.delivered = delivered_, .failed = failed_, .given_up = given_up_};
}

void WebhookSender::release() {
  const Time now = ports_.clock.now();
  for (const auto& [name, place] : places_) {
    if (place.held_until <= ports_.clock.steady_now()) continue;
    // If it cannot be told, the others wait until it is held no more.
    if (const auto held = ports_.store.hold(name, params_.holder, now, now); !held) {
      log::warn("webhook_not_released", held.error().message, {{"webhook", name}});
    }
  }
  places_.clear();
}

bool WebhookSender::is_ours(const std::string& name) const {
  return lane_of(name, params_.lanes) == params_.lane;
}

Result<Duration> WebhookSender::step(const Deadline& deadline) {
  auto hooks = ports_.store.list();
  if (!hooks) return fail(hooks.error());
  std::erase_if(*hooks, [&](const Webhook& hook) { return !is_ours(hook.settings.name); });
  std::erase_if(places_, [&](const auto& place) {
    return std::ranges::none_of(
        *hooks, [&](const Webhook& hook) { return hook.settings.name == place.first; });
  });
  // The one after that which was served last comes first.
  std::rotate(hooks->begin(),
              std::ranges::find_if(
                  *hooks, [&](const Webhook& hook) { return hook.settings.name > last_served_; }),
              hooks->end());
  bool any = false;
  bool more = false;
  for (const Webhook& hook : *hooks) {
    if (hook.state != WebhookState::active) continue;
    if (deadline.stop_requested()) return Duration::zero();
    any = true;
    const auto told = tell(hook, deadline);
    if (!told && told.error().code != Code::aborted) {
      log::warn("webhook_left_out", told.error().message, {{"webhook", hook.settings.name}});
      place_of(hook).error_until = ports_.clock.now() + kAfterError;
    }
    if (told && *told == Told::something) {
      last_served_ = hook.settings.name;
      return Duration::zero();
    }
    more = more || !told || *told == Told::more;
  }
  if (!any) return kLook;
  if (more) return Duration::zero();
  if (Status waited = wait_for_news(deadline); !waited) return fail(waited.error());
  return kGather;
}

Status WebhookSender::wait_for_news(const Deadline& deadline) {
  const SteadyTime until = std::min(deadline.at, ports_.clock.steady_now() + kLook);
  const auto last = ports_.reader.last_sequence(newest_, {.at = until, .stop = deadline.stop});
  if (!last) return fail(last.error());
  newest_ = *last;
  return {};
}

WebhookSender::Place& WebhookSender::place_of(const Webhook& hook) {
  auto [found, made] = places_.try_emplace(hook.settings.name);
  Place& place = found->second;
  const bool is_other = made || place.id != hook.id;
  // Also where another server has gone on meanwhile.
  if (is_other || place.saved != hook.health.sequence) {
    place.sequence = place.saved = hook.health.sequence;
    place.passed_over = 0;
    place.saved_at = ports_.clock.now();
  }
  if (is_other) {
    place.id = hook.id;
    place.held_until = {};
    place.error_until = {};
  }
  return place;
}

Result<WebhookSender::Hold> WebhookSender::hold(const Webhook& hook, Place& place) {
  // From before the call on, whatever clock the store goes by.
  const SteadyTime asked_at = ports_.clock.steady_now();
  if (place.held_until - asked_at > params_.hold * 3 / 4) return Hold::kept;
  const bool was_ours = place.held_until > asked_at;
  const Time now = ports_.clock.now();
  const auto held = ports_.store.hold(hook.settings.name, params_.holder, now, now + params_.hold);
  if (!held) return fail(held.error());
  place.held_until = *held ? asked_at + params_.hold : SteadyTime{};
  if (!*held) return Hold::refused;
  return was_ours ? Hold::kept : Hold::made;
}

Result<WebhookSender::Told> WebhookSender::tell(const Webhook& hook, const Deadline& deadline) {
  const Time now = ports_.clock.now();
  const auto waits = [&](Time until, Duration longest) {
    // A clock that went back must not stop it for longer than ever meant.
    return until > now && until - now <= longest;
  };
  Place& place = place_of(hook);
  if (waits(hook.health.wait_until, 2 * webhook_pause(INT64_MAX))) return Told::nothing;
  if (waits(place.error_until, kAfterError)) return Told::nothing;
  auto batch = next_batch(hook, place);
  if (!batch && batch.error().code == Code::out_of_range) return skip_what_is_gone(hook, place);
  if (!batch) return fail(batch.error());
  if (batch->messages.empty()) return pass_over(hook, place, *batch);
  return send_batch(hook, place, std::move(*batch), deadline);
}

Result<WebhookSender::Told> WebhookSender::send_batch(const Webhook& hook, Place& place,
                                                      Batch batch, const Deadline& deadline) {
  const auto held = hold(hook, place);
  if (!held) return fail(held.error());
  if (*held == Hold::refused) return Told::nothing;
  // Another server may have told some of it before we held it, and the settings may be others.
  if (*held == Hold::made) return Told::more;
  // Of no address's making; it is not held against it.
  if (Status keys = ports_.post.check_secrets(hook.settings);
      !keys && keys.error().code != Code::failed_precondition) {
    return fail(keys.error());
  }
  send(hook, batch.messages, place.held_until, deadline);
  WebhookSettlement settlement = settlement_of(hook, place);
  const auto unsent = std::ranges::find(batch.messages, false, &Message::sent);
  if (batch.is_news) {
    settlement.health.sequence = unsent == batch.messages.end() ? batch.looked_at : unsent->before;
  }
  batch.messages.erase(unsent, batch.messages.end());
  note(batch.messages, settlement);
  if (!batch.is_news) {
    place.news_next = !settlement.failed.empty();
    for (const Message& message : batch.messages) {
      if (is_taken(message.answer)) settlement.delivered.push_back(message.delivery.sequence);
    }
  }
  if (Status settled = settle(settlement, place); !settled) return fail(settled.error());
  return Told::something;
}

WebhookSettlement WebhookSender::settlement_of(const Webhook& hook, const Place& place) const {
  WebhookSettlement settlement{.name = hook.settings.name,
                               .id = hook.id,
                               .holder = params_.holder,
                               .health = hook.health,
                               .changed_at = hook.changed_at};
  settlement.health.sequence = place.sequence;
  return settlement;
}

Status WebhookSender::settle(const WebhookSettlement& settlement, Place& place) {
  Status done = ports_.store.settle(settlement);
  if (!done) {
    place.held_until = {};  // whatever came of it, it is read and held anew
    return done;
  }
  place.sequence = place.saved = settlement.health.sequence;
  place.passed_over = 0;
  place.saved_at = ports_.clock.now();
  return done;
}

Result<WebhookSender::Batch> WebhookSender::next_batch(const Webhook& hook, Place& place) {
  auto due = ports_.store.deliveries(
      {.name = hook.settings.name, .due_at = ports_.clock.now(), .limit = params_.batch});
  if (!due) return fail(due.error());
  if (due->empty() || place.news_next) {
    // By turns: many that fail for ever must not stand in the way of all others.
    place.news_next = false;
    auto batch = news(hook, place);
    if (!batch || !batch->messages.empty() || due->empty()) return batch;
  }
  Batch batch{.messages = {}, .looked_at = place.sequence};
  for (WebhookDelivery& delivery : *due) {
    batch.messages.push_back({.delivery = std::move(delivery), .before = place.sequence});
  }
  return batch;
}

Result<WebhookSender::Batch> WebhookSender::news(const Webhook& hook, const Place& place) {
  const auto events = ports_.reader.events(place.sequence, kEventsAtOnce);
  if (!events) return fail(events.error());
  Batch batch{.messages = {}, .looked_at = place.sequence, .is_news = true};
  for (const LedgerEvent& event : *events) {
    if (batch.messages.size() == params_.batch) break;
    const std::uint64_t before = std::exchange(batch.looked_at, event.sequence);
    ++batch.passed_over;
    if (!wants_change(hook.settings, event.queue, event.entry.state)) continue;
    auto task = ports_.reader.get(event.id);
    if (!task && task.error().code != Code::not_found) return fail(task.error());
    // Nobody knows any more what a task that is gone was.
    if (task ? !wants_task(hook.settings, task->request) : asks_for_task(hook.settings)) continue;
    WebhookEvent told{.sequence = event.sequence,
                      .task_id = event.id,
                      .queue = event.queue,
                      .entry = event.entry,
                      .task = std::nullopt};
    if (task) told.task = std::move(*task);
    batch.messages.push_back(
        {.delivery = {.sequence = event.sequence, .body = webhook_body(hook.id, told)},
         .before = before});
  }
  if (!events->empty()) newest_ = std::max(newest_, batch.looked_at);
  batch.is_all = events->size() < kEventsAtOnce &&
                 (events->empty() || batch.looked_at == events->back().sequence);
  return batch;
}

Result<WebhookSender::Told> WebhookSender::pass_over(const Webhook& hook, Place& place,
                                                     const Batch& batch) {
  place.passed_over += batch.passed_over;
  place.sequence = batch.looked_at;
  const bool far = place.passed_over > kPassedOverMax;
  const Duration unsaved_for = ports_.clock.now() - place.saved_at;
  const bool unsaved = place.sequence != place.saved;
  if (unsaved && (far || unsaved_for > kUnsavedFor)) {
    const auto held = hold(hook, place);
    if (!held) return fail(held.error());
    // Somebody else's, who writes down where it is, or was until now: then it is read again first.
    if (*held == Hold::refused) return Told::nothing;
    if (*held == Hold::made) return Told::more;
    if (Status settled = settle(settlement_of(hook, place), place); !settled) {
      return fail(settled.error());
    }
  }
  return batch.is_all ? Told::nothing : Told::more;
}

Result<WebhookSender::Told> WebhookSender::skip_what_is_gone(const Webhook& hook, Place& place) {
  const auto held = hold(hook, place);
  if (!held) return fail(held.error());
  if (*held == Hold::refused) return Told::nothing;
  if (*held == Hold::made) return Told::more;
  const auto last = ports_.reader.last_sequence(std::nullopt, {});
  if (!last) return fail(last.error());
  // Where the oldest that is still there comes next, found by halves: after `low` some is gone.
  std::uint64_t low = place.sequence;
  std::uint64_t high = *last;
  while (low + 1 < high) {
    const std::uint64_t middle = low + (high - low) / 2;
    const auto events = ports_.reader.events(middle, 1);
    if (!events && events.error().code != Code::out_of_range) return fail(events.error());
    (events ? high : low) = middle;
  }
  log::error("webhook_missed_changes",
             "changes are gone from the ledger that were not told: its address failed for too long",
             {{"webhook", hook.settings.name}, {"after", place.sequence}, {"until", high}});
  WebhookSettlement settlement = settlement_of(hook, place);
  ++settlement.health.gaps;
  settlement.health.sequence = high;
  if (Status settled = settle(settlement, place); !settled) return fail(settled.error());
  return Told::something;
}

void WebhookSender::send(const Webhook& hook, std::vector<Message>& messages, SteadyTime held_until,
                         const Deadline& deadline) {
  std::atomic<std::size_t> next{0};
  std::atomic<bool> failing{false};
  // One that has failed lately is tried with a single message.
  const std::size_t at_once = hook.health.failures > 0 ? 1 : params_.at_once;
  in_parallel(messages.size(), at_once, [&](std::size_t) {
    if (failing || deadline.stop_requested()) return;
    const SteadyTime until = ports_.clock.steady_now() + params_.answer_max;
    // Whoever takes over once this is held no more must not send the same beside us.
    if (until > deadline.at || until + kToWriteDown > held_until) return;
    Message& message = messages[next++];
    message.answer = ports_.post.send(hook.settings,
                                      {.id = webhook_message_id(hook.id, message.delivery.sequence),
                                       .body = message.delivery.body},
                                      {.at = until, .stop = deadline.stop});
    // Stopped on the way: perhaps it was taken, and it is sent again.
    const bool stopped = !message.answer && message.answer.error().code == Code::cancelled;
    message.sent = !stopped;
    if (stopped || !is_taken(message.answer)) failing = true;
  });
}

void WebhookSender::note(const std::vector<Message>& messages, WebhookSettlement& settlement) {
  const Time now = ports_.clock.now();
  WebhookHealth& health = settlement.health;
  const std::int64_t failures_before = health.failures;
  Duration asked_longest{};
  for (const Message& message : messages) {
    if (is_taken(message.answer)) {
      ++delivered_;
      health.failures = 0;
      health.wait_until = {};
      health.error.clear();
      health.status = 0;
      health.succeeded_at = now;
      continue;
    }
    const Duration asked = message.answer ? retry_after(*message.answer, now) : Duration::zero();
    asked_longest = std::max(asked_longest, asked);
    settlement.failed.push_back(failed_again(message, asked));
  }
  if (failures_before > 0 && health.failures == 0) {
    log::info("webhook_back", "its address takes messages again",
              {{"webhook", settlement.name}, {"failures", failures_before}});
  }
  if (settlement.failed.empty()) return;
  // However many failed beside each other, it is left alone once.
  const WebhookDelivery& last = settlement.failed.back();
  const bool is_alive = std::ranges::all_of(
      settlement.failed, [](const auto& failed) { return is_about_message(failed.status); });
  health.failures = is_alive ? 1 : health.failures + 1;
  health.wait_until = now + std::max(webhook_pause(health.failures),
                                     std::min(asked_longest, webhook_pause(INT64_MAX)));
  health.failed_at = now;
  health.status = last.status;
  health.error = last.error;
  if (failures_before == 0) {
    log::warn("webhook_failed", last.error,
              {{"webhook", settlement.name}, {"sequence", last.sequence}});
  }
  settlement.gone = std::ranges::find(settlement.failed, kGone, &WebhookDelivery::status) !=
                    settlement.failed.end();
  if (!settlement.gone) return;
  log::warn("webhook_gone", "its address answered 410: nothing is sent there any more",
            {{"webhook", settlement.name}});
}

WebhookDelivery WebhookSender::failed_again(const Message& message, Duration asked) {
  WebhookDelivery delivery = message.delivery;
  ++failed_;
  ++delivery.attempts;
  delivery.status = message.answer ? message.answer->status : 0;
  delivery.error = webhook_failure(message.answer);
  const auto delay = webhook_retry_delay(delivery.attempts, ports_.chance());
  delivery.given_up = !delay;
  delivery.next_at = {};
  if (delay) {
    delivery.next_at = ports_.clock.now() + std::max(*delay, std::min(asked, kAskedMax));
    return delivery;
  }
  ++given_up_;
  log::warn("webhook_message_given_up", delivery.error, {{"sequence", delivery.sequence}});
  return delivery;
}

}  // namespace waybill
