#include "services/authenticator.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "base/log.h"

namespace waybill {
namespace {

constexpr std::array<char, kTokenHashBytes> kNoHash = {};

tl::unexpected<Error> refuse(const std::string& why) { return fail(Code::unauthenticated, why); }

std::string title_of(const TokenRecord& record) { return record.name + " (" + record.id + ")"; }

}  // namespace

Result<Principal> Authenticator::authenticate(std::string_view bearer_token) {
  const auto token = parse_api_token(bearer_token);
  if (!token) {
    return refuse(
        "this is no token of Waybill's; send one as `waybill token create` printed it, "
        "\"Authorization: Bearer wb_ID_SECRET\"");
  }
  const Known known = this->known();
  if (!known) return fail(known.error());
  // A token that is not there takes as long as one with a wrong secret.
  const auto found = (*known)->find(token->id);
  const bool is_known = found != (*known)->end();
  const std::string_view hash =
      is_known ? found->second.hash : std::string_view(kNoHash.data(), kNoHash.size());
  const bool fits = equal_in_constant_time(hash_of(*token), hash);
  if (!is_known || !fits) {
    return refuse("there is no token " + token->id +
                  " with this secret; see `waybill token list`, or make one with "
                  "`waybill token create`");
  }
  const TokenRecord& record = found->second;
  const Time now = clock_.now();
  switch (state_of(record, now)) {
    case TokenState::revoked:
      return refuse("token " + title_of(record) + " was revoked at " +
                    format_time(record.revoked_at) +
                    "; ask whoever did for another, or make one with `waybill token create`");
    case TokenState::expired:
      return refuse("token " + title_of(record) + " expired at " + format_time(record.expires_at) +
                    "; make another one with `waybill token create`");
    case TokenState::active:
      break;
  }
  note_use(record.id, now);
  return Principal{.name = "token:" + record.name,
                   .role = record.role,
                   .rate_limit = record.rate_limit,
                   .token_id = record.id};
}

Result<bool> Authenticator::any_tokens() {
  const Known known = this->known();
  if (!known) return fail(known.error());
  return !(*known)->empty();
}

void Authenticator::look_again() {
  const Lock lock(mutex_);
  ++changes_;
}

Authenticator::Known Authenticator::known() {
  const SteadyTime now = clock_.steady_now();
  std::optional<Known> before;
  std::uint64_t changes = 0;
  {
    Lock lock(mutex_);
    const std::uint64_t wanted = changes_;
    while (asking_) {
      const std::uint64_t answers = answers_;
      while (answers_ == answers) answered_.wait(lock);
      // That answer is as old as the store takes to give it, no older; but one that was asked for
      // before a change of ours may lack that.
      if (known_changes_ >= wanted) return *known_;
    }
    const bool is_of_now = known_ && known_changes_ >= wanted;
    if (is_of_now && now - asked_at_ < params_.known_for) return *known_;
    asking_ = true;
    changes = changes_;
    before = known_;
  }
  Known answer = ask(before);
  {
    const Lock lock(mutex_);
    known_ = answer;
    known_changes_ = changes;
    asked_at_ = now;
    asking_ = false;
    ++answers_;
  }
  answered_.notify_all();
  return answer;
}

Authenticator::Known Authenticator::ask(const std::optional<Known>& before) {
  auto records = tokens_.list();
  if (!records) {
    const bool has_known = before && before->has_value();
    if (!std::exchange(is_away_, true)) {
      log::warn("tokens_not_read",
                has_known ? "API tokens cannot be read: those that were known still count"
                          : "API tokens cannot be read: nobody is let in",
                {{"error", records.error().message}});
    }
    if (has_known) return *before;
    return fail(with_context(records.error(), "reading the API tokens"));
  }
  if (std::exchange(is_away_, false)) log::info("tokens_read", "API tokens can be read again");
  auto tokens = std::make_shared<Tokens>();
  for (TokenRecord& record : *records) {
    std::string id = record.id;
    tokens->emplace(std::move(id), std::move(record));
  }
  return std::shared_ptr<const Tokens>(std::move(tokens));
}

void Authenticator::note_use(const std::string& id, Time now) {
  const Lock lock(uses_mutex_);
  Use& use = uses_[id];
  use.last = std::max(use.last, now);
}

Result<Duration> Authenticator::step(const Deadline& /*deadline*/) {
  const SteadyTime now = clock_.steady_now();
  std::vector<TokenUse> due;
  {
    const Lock lock(uses_mutex_);
    for (const auto& [id, use] : uses_) {
      if (use.last == use.written || now < use.write_not_before) continue;
      due.push_back({.id = id, .at = use.last});
    }
  }
  if (due.empty()) return params_.write_every;
  if (Status noted = tokens_.note_uses(due); !noted) {
    return fail(with_context(noted.error(), "noting when API tokens were used"));
  }
  const Lock lock(uses_mutex_);
  for (const TokenUse& written : due) {
    Use& use = uses_[written.id];
    use.written = written.at;
    use.write_not_before = now + params_.write_token_every;
  }
  return params_.write_every;
}

}  // namespace waybill
