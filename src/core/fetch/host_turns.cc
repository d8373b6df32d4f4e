#include "core/fetch/host_turns.h"

#include <algorithm>
#include <boost/json.hpp>
#include <utility>

#include "base/json.h"
#include "base/utf8.h"

namespace waybill {
namespace {

namespace bj = boost::json;

/// How many slots each would have if all were given out anew: one after the other in the order of
/// the queue, until none is left or nobody wants more.
int fair_slots(const HostState& state, const Uuid& id, int most) {
  std::vector<const HostHolder*> queue;
  for (const HostHolder& holder : state.holders) queue.push_back(&holder);
  std::ranges::sort(queue, [](const HostHolder* a, const HostHolder* b) {
    return std::pair(a->queued_at, a->id) < std::pair(b->queued_at, b->id);
  });
  std::vector<int> given(queue.size());
  for (bool is_more = true; is_more && most > 0;) {
    is_more = false;
    for (std::size_t i = 0; i < queue.size() && most > 0; ++i) {
      if (given[i] >= queue[i]->wants) continue;
      ++given[i];
      --most;
      is_more = true;
    }
  }
  for (std::size_t i = 0; i < queue.size(); ++i) {
    if (queue[i]->id == id) return given[i];
  }
  return 0;
}

/// A clock that was set back makes no host wait longer than it would anyway.
void mend_times(HostState& state, Time now) {
  const Time far = now + kHostWaitMax + kHostWindow;
  if (state.last_at > far) state.last_at = now;
  state.alone_until = std::min(state.alone_until, now + kHostAloneMax);
  state.budget_at = std::min(state.budget_at, now + 2 * kHostFailuresMax * kHostRefill);
  for (HostHolder& holder : state.holders) {
    holder.queued_at = std::min(holder.queued_at, now);
    holder.granted_at = std::min(holder.granted_at, now);
  }
}

void note_failures(HostState& state, const HostNeed& need, Time now) {
  if (need.leave_alone > Duration(0)) {
    state.alone_until =
        std::max(state.alone_until, now + std::min(need.leave_alone, kHostAloneMax));
  }
  if (need.failures <= 0) return;
  const int failures = std::min(need.failures, 2 * kHostFailuresMax);
  state.budget_at = std::min(std::max(state.budget_at, now) + failures * kHostRefill,
                             now + 2 * kHostFailuresMax * kHostRefill);
}

/// When the retry budget has something in it again.
Time spent_until(const HostState& state) {
  return state.budget_at - kHostFailuresMax * kHostRefill;
}

/// The holder's place in the queue, where it is put back if others have waited long enough.
HostHolder& take_place(HostState& state, const HostHolding& holding, const HostNeed& need,
                       Time now) {
  auto mine = std::ranges::find(state.holders, holding.holder, &HostHolder::id);
  if (mine == state.holders.end()) {
    state.holders.push_back({.id = holding.holder, .queued_at = now});
    mine = std::prev(state.holders.end());
  }
  mine->wants = need.slots_wanted;
  mine->most = need.slots_max;
  mine->until = now + holding.lease;
  const bool others_wait = std::ranges::any_of(state.holders, [&](const HostHolder& other) {
    return other.id != holding.holder && other.wants > other.slots;
  });
  if (mine->slots > 0 && others_wait && now - mine->granted_at >= kHostShift) {
    mine->queued_at = now;
    mine->granted_at = now;
  }
  return *mine;
}

/// Times of requests to come, where each keeps its distance from the one before.
void give_times(HostState& state, const HostNeed& need, Time now, HostTerms& terms) {
  if (need.delay <= Duration(0)) {
    // Who only goes on with what is under way asks for nothing.
    if (need.slots_wanted > need.slots_used) state.last_at = std::max(state.last_at, now);
    return;
  }
  const Time first = std::max(now, state.last_at + need.delay);
  terms.wait = first - now;
  if (terms.wait > need.wait_max || need.times_wanted <= 0) return;
  const auto fitting = std::max<std::int64_t>(kHostWindow / need.delay, 1);
  terms.times = static_cast<int>(std::min<std::int64_t>(need.times_wanted, fitting));
  state.last_at = first + (terms.times - 1) * need.delay;
}

Time time_in(const bj::object& object, std::string_view name) {
  const bj::value* value = object.if_contains(name);
  return value != nullptr && value->is_int64() ? from_micros(value->get_int64()) : Time{};
}
int count_in(const bj::object& object, std::string_view name) {
  const bj::value* value = object.if_contains(name);
  const bool fits = value != nullptr && value->is_int64() && value->get_int64() >= 0 &&
                    value->get_int64() <= kHostSlotsMax;
  return fits ? static_cast<int>(value->get_int64()) : 0;
}

/// Of who wrote none, the largest.
int most_in(const bj::object& object) {
  const int most = count_in(object, "most");
  return most > 0 ? most : kHostSlotsMax;
}

}  // namespace

bool is_host_need(const HostNeed& need) {
  const bool is_name = !need.host.empty() && need.host.size() <= kHostNameBytesMax &&
                       is_utf8(need.host) && need.host.find('\0') == need.host.npos;
  const auto fits = [](int count, int least) { return count >= least && count <= kHostSlotsMax; };
  const auto lasts = [](Duration duration) {
    return duration >= Duration(0) && duration <= std::chrono::hours(24);
  };
  return is_name && fits(need.slots_used, 0) && fits(need.slots_wanted, 0) &&
         fits(need.slots_max, 1) && need.times_wanted >= 0 && need.times_wanted <= 1'000'000 &&
         need.failures >= 0 && need.failures <= 1'000'000 && lasts(need.delay) &&
         lasts(need.leave_alone) && need.wait_max >= Duration(0) && need.wait_max <= kHostWaitMax;
}

HostTerms take_host_turn(HostState& state, const HostHolding& holding, const HostNeed& need,
                         Time now) {
  std::erase_if(state.holders, [&](const HostHolder& holder) {
    return (holder.until <= now || holder.until > now + kHostLeaseMax) &&
           holder.id != holding.holder;
  });
  mend_times(state, now);
  note_failures(state, need, now);
  HostTerms terms;
  const Time free_at = std::max(state.alone_until, spent_until(state));
  terms.alone = std::max(free_at - now, Duration(0));
  terms.is_spent = terms.alone > Duration(0) && spent_until(state) > state.alone_until;
  if (need.slots_wanted <= 0) {
    std::erase_if(state.holders,
                  [&](const HostHolder& holder) { return holder.id == holding.holder; });
    return terms;
  }
  const bool is_new =
      std::ranges::find(state.holders, holding.holder, &HostHolder::id) == state.holders.end();
  if (is_new && state.holders.size() >= kHostHoldersMax) return terms;
  HostHolder& mine = take_place(state, holding, need, now);
  int most = need.slots_max;
  for (const HostHolder& holder : state.holders) {
    if (holder.wants > 0) most = std::min(most, holder.most);
  }
  int others = 0;
  for (const HostHolder& holder : state.holders) {
    if (holder.id != holding.holder) others += holder.slots;
  }
  if (terms.alone == Duration(0)) {
    const int fair = fair_slots(state, holding.holder, most);
    terms.slots = std::max(std::min(fair, most - others), 0);
  }
  const int before = std::exchange(mine.slots, std::max(need.slots_used, terms.slots));
  if (before == 0 && mine.slots > 0) mine.granted_at = now;
  if (terms.slots > 0) give_times(state, need, now, terms);
  return terms;
}

Time host_state_until(const HostState& state) {
  Time until =
      std::max({state.last_at + std::chrono::hours(24), state.alone_until, state.budget_at});
  if (state.last_at == Time{}) until = std::max(state.alone_until, state.budget_at);
  for (const HostHolder& holder : state.holders) until = std::max(until, holder.until);
  return until;
}

std::string host_state_text(const HostState& state) {
  bj::array holders;
  for (const HostHolder& holder : state.holders) {
    holders.push_back(bj::object{{"id", to_string(holder.id)},
                                 {"slots", holder.slots},
                                 {"wants", holder.wants},
                                 {"most", holder.most},
                                 {"queued_at", to_micros(holder.queued_at)},
                                 {"granted_at", to_micros(holder.granted_at)},
                                 {"until", to_micros(holder.until)}});
  }
  return json::serialize(bj::object{{"holders", std::move(holders)},
                                    {"last_at", to_micros(state.last_at)},
                                    {"alone_until", to_micros(state.alone_until)},
                                    {"budget_at", to_micros(state.budget_at)}});
}

HostState read_host_state(std::string_view text) {
  const auto value = json::parse(text);
  if (!value || !value->is_object()) return {};
  const bj::object& object = value->get_object();
  HostState state{.holders = {},
                  .last_at = time_in(object, "last_at"),
                  .alone_until = time_in(object, "alone_until"),
                  .budget_at = time_in(object, "budget_at")};
  const bj::value* holders = object.if_contains("holders");
  if (holders == nullptr || !holders->is_array()) return state;
  for (const bj::value& each : holders->get_array()) {
    const bj::object* fields = each.if_object();
    const bj::value* id = fields == nullptr ? nullptr : fields->if_contains("id");
    if (id == nullptr || !id->is_string()) continue;
    const auto uuid = parse_uuid(std::string_view(id->get_string()));
    if (!uuid) continue;
    state.holders.push_back({.id = *uuid,
                             .slots = count_in(*fields, "slots"),
                             .wants = count_in(*fields, "wants"),
                             .most = most_in(*fields),
                             .queued_at = time_in(*fields, "queued_at"),
                             .granted_at = time_in(*fields, "granted_at"),
                             .until = time_in(*fields, "until")});
  }
  return state;
}

}  // namespace waybill
