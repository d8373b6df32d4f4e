#include "services/login_desk.h"

#include <algorithm>
#include <boost/json.hpp>
#include <utility>

#include "base/base64.h"
#include "base/digest.h"
#include "base/json.h"
#include "base/log.h"
#include "base/seal.h"
#include "core/api_token.h"
#include "core/definition_fields.h"
#include "core/suggest.h"

namespace waybill {
namespace {

namespace bj = boost::json;

constexpr std::string_view kSlipPlace = "login";
constexpr std::size_t kChallengeBytes = 32;

tl::unexpected<Error> begin_again(const std::string& why) {
  return fail(Code::invalid_argument, why + "; begin the login again");
}

/// Counts those that wait for a provider, for as long as it lives.
class Turn {
 public:
  Turn(std::atomic<std::size_t>& count, std::size_t max) : count_(count), got_(++count <= max) {}
  ~Turn() { --count_; }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;
  bool got() const { return got_; }

 private:
  std::atomic<std::size_t>& count_;
  const bool got_;
};

std::string redirect_uri(const LoginSettings& settings, const std::string& provider) {
  return settings.base_url + "/login/" + provider + "/callback";
}

tl::unexpected<Error> too_many() {
  return fail(Error{.code = Code::unavailable,
                    .message = "too many people log in at this moment; try again in a few seconds",
                    .retry_after = std::chrono::seconds(5)});
}

/// Of a provider: only that it says no is the browser's business.
tl::unexpected<Error> of_provider(Error error, const std::string& provider) {
  if (error.code != Code::unauthenticated) error.code = Code::unavailable;
  return fail(with_context(std::move(error), "logging in with " + provider));
}

}  // namespace

struct LoginDesk::Slip {
  std::string provider;
  std::string state;
  std::string nonce;
  std::string verifier;
  std::string return_to;
  Time begun_at{};
};

LoginDesk::LoginDesk(PeopleStore& people, Clock& clock, LoginDeskParams params)
    : people_(people),
      clock_(clock),
      params_(std::move(params)),
      slip_key_(params_.random_bytes(kSealKeyBytes)) {
  take(params_.settings, params_.providers);
}

const LoginDesk::Terms& LoginDesk::terms() const {
  const Lock lock(terms_mutex_);
  return *terms_.back();
}

void LoginDesk::take(LoginSettings settings, std::map<std::string, IdentityProvider*> providers) {
  auto terms = std::make_unique<const Terms>(
      Terms{.settings = std::move(settings), .providers = std::move(providers)});
  const Lock lock(terms_mutex_);
  terms_.push_back(std::move(terms));
  if (terms_.size() > kTermsKept) terms_.pop_front();
}

Result<LoginDesk::Begun> LoginDesk::begin(const std::string& provider,
                                          const std::string& return_to) {
  const Terms& terms = this->terms();
  const auto found = terms.providers.find(provider);
  if (found == terms.providers.end()) {
    std::vector<std::string> known;
    for (const auto& [name, unused] : terms.providers) known.push_back(name);
    return fail(Code::not_found,
                "there is no provider \"" + provider + "\"" + did_you_mean(provider, known));
  }
  if (!is_local_path(return_to)) {
    return fail(Code::invalid_argument,
                "return_to has to be a path of this server, beginning with one slash");
  }
  const Turn turn(under_way_, params_.logins_at_once);
  if (!turn.got()) return too_many();
  const auto random = [&] { return to_base64url(params_.random_bytes(kChallengeBytes)); };
  const Slip slip{.provider = provider,
                  .state = random(),
                  .nonce = random(),
                  .verifier = random(),
                  .return_to = return_to,
                  .begun_at = clock_.now()};
  auto url =
      found->second->authorization_url({.redirect_uri = redirect_uri(terms.settings, provider),
                                        .state = slip.state,
                                        .nonce = slip.nonce,
                                        .code_challenge = to_base64url(sha256(slip.verifier))},
                                       {.at = clock_.steady_now() + params_.provider_patience});
  if (!url) return of_provider(url.error(), provider);
  const std::string plain = json::serialize(bj::object{{"provider", slip.provider},
                                                       {"state", slip.state},
                                                       {"nonce", slip.nonce},
                                                       {"verifier", slip.verifier},
                                                       {"return_to", slip.return_to},
                                                       {"begun_at", to_micros(slip.begun_at)}});
  const std::string nonce = params_.random_bytes(kSealNonceBytes);
  return Begun{
      .url = std::move(*url),
      .slip = to_base64url(seal(plain, {.key = slip_key_, .nonce = nonce, .place = kSlipPlace}))};
}

Result<LoginDesk::Slip> LoginDesk::read_slip(const Return& came) {
  const auto sealed = from_base64url(came.slip);
  const auto plain = sealed && !sealed->empty()
                         ? unseal(*sealed, slip_key_, kSlipPlace)
                         : Result<std::string>(fail(Code::data_loss, "there is none"));
  const auto parsed = plain ? json::parse(*plain) : Result<bj::value>(fail(plain.error()));
  if (!parsed) return begin_again("this browser has begun no login here that is still good");
  const Fields fields(parsed->get_object());
  Slip slip{.provider = fields.text("provider"),
            .state = fields.text("state"),
            .nonce = fields.text("nonce"),
            .verifier = fields.text("verifier"),
            .return_to = fields.text("return_to"),
            .begun_at = from_micros(fields.integer("begun_at", 0))};
  const bool same =
      slip.provider == came.provider && equal_in_constant_time(slip.state, came.state);
  if (!same) return begin_again("the answer is to another login than this browser began last");
  if (clock_.now() >= slip.begun_at + params_.login_max) {
    return begin_again("the login took longer than " + format_duration(params_.login_max));
  }
  return slip;
}

Result<LoginDesk::Entry> LoginDesk::complete(const Return& came, std::string* name) {
  const Terms& terms = this->terms();
  const auto found = terms.providers.find(came.provider);
  if (found == terms.providers.end()) {
    return fail(Code::not_found, "there is no provider \"" + came.provider + "\"");
  }
  auto slip = read_slip(came);
  if (!slip) return fail(slip.error());
  if (!came.error.empty() || came.code.empty()) {
    std::string error = came.error.empty() ? "it sent no code" : came.error.substr(0, 300);
    std::erase_if(error, [](char c) { return c < ' ' || c > '~'; });
    return fail(Code::unauthenticated, came.provider + " let nobody through: " + error);
  }
  const Turn turn(under_way_, params_.logins_at_once);
  if (!turn.got()) return too_many();
  const auto who =
      found->second->redeem({.code = came.code,
                             .issuer = came.issuer,
                             .redirect_uri = redirect_uri(terms.settings, came.provider),
                             .code_verifier = slip->verifier,
                             .nonce = slip->nonce},
                            {.at = clock_.steady_now() + params_.provider_patience});
  if (!who) return of_provider(who.error(), came.provider);
  if (name != nullptr) *name = person_name(who->identity, NameIs::free);
  const auto role = role_of(terms.settings, who->identity);
  if (!role) {
    log::info("login_refused", "no rule lets them in",
              {{"provider", came.provider}, {"login", who->identity.login}});
    return fail(Code::permission_denied, person_name(who->identity, NameIs::free) +
                                             " is authenticated, but no rule of this "
                                             "server lets them in: ask whoever runs it");
  }
  const Time now = clock_.now();
  auto person = keep(*who, now);
  if (!person) return fail(with_context(person.error(), "keeping a login"));
  if (name != nullptr) *name = person->name;
  auto secret = open_session(*person, now, came.from);
  if (!secret) return fail(with_context(secret.error(), "keeping a session"));
  log::info("login", person->name, {{"role", to_string(*role)}});
  return Entry{.secret = std::move(*secret),
               .return_to = std::move(slip->return_to),
               .person = std::move(*person),
               .role = *role};
}

Result<PersonRecord> LoginDesk::keep(const Authenticated& who, Time now) {
  PersonRecord record{.identity = who.identity, .first_seen_at = now, .logged_in_at = now};
  if (!params_.token_key.empty() && !who.access_token.empty()) {
    const std::string nonce = params_.random_bytes(kSealNonceBytes);
    record.sealed_token =
        seal(who.access_token,
             {.key = params_.token_key, .nonce = nonce, .place = token_place(who.identity)});
  }
  auto kept = people_.put_person(record);
  if (!kept) return fail(kept.error());
  if (params_.token_key.empty() && !who.access_token.empty()) {
    const Lock lock(mutex_);
    if (tokens_.size() >= params_.tokens_max) tokens_.erase(tokens_.begin());
    tokens_[kept->name] = who.access_token;
  }
  return kept;
}

Result<std::string> LoginDesk::open_session(const PersonRecord& person, Time now,
                                            const std::string& from) {
  std::string secret = to_hex(params_.random_bytes(kSessionSecretBytes));
  const std::string hash = session_hash(secret);
  const Status put = people_.put_session({.id = session_id(hash),
                                          .hash = hash,
                                          .person = person.name,
                                          .created_at = now,
                                          .seen_at = now,
                                          .ends_at = now + settings().session_max,
                                          .seen_from = from});
  if (!put) return fail(put.error());
  {
    const Lock lock(ids_mutex_);
    // Else all of them are read before the next look.
    const SteadyTime steady = clock_.steady_now();
    if (ids_read_at_ && steady - *ids_read_at_ < params_.known_for) ids_.insert(session_id(hash));
  }
  // Those that ended long ago are of no more use to anybody who lists them.
  if (Status forgotten = people_.forget_sessions(now - settings().session_max); !forgotten) {
    log::warn("sessions_not_forgotten", forgotten.error().message);
  }
  return secret;
}

Result<LoginDesk::Known> LoginDesk::look(std::string_view secret, Counts counts,
                                         const std::string& from) {
  const auto log_in = [](const std::string& why) {
    return fail(Code::unauthenticated, why + "; log in again");
  };
  if (!is_session_secret(secret)) return log_in("the session's cookie is none of this server's");
  const std::string hash = session_hash(secret);
  auto found = people_.session(session_id(hash));
  if (!found) return fail(with_context(found.error(), "reading a session"));
  if (!*found || !equal_in_constant_time((*found)->session.hash, hash)) {
    return log_in("there is no such session any more");
  }
  SessionRecord& session = (*found)->session;
  PersonRecord& person = (*found)->person;
  const Time now = clock_.now();
  const LoginSettings& settings = this->settings();
  const SessionState state = state_of(session, settings.idle_max, now);
  if (state == SessionState::revoked) return log_in("the session was ended");
  if (state == SessionState::expired) return log_in("the session has expired");
  const auto role = role_of(settings, person.identity);
  if (!role) {
    return fail(Code::permission_denied,
                "no rule of this server lets " + person.name + " in any more");
  }
  if (counts == Counts::as_use && now >= session.seen_at + params_.note_every) {
    // It counts all the same.
    if (Status noted = people_.note_use(session.id, now, from); !noted) {
      log::warn("session_use_not_noted", noted.error().message);
    }
    session.seen_at = now;
  }
  return Known{.who = {.name = person.name, .role = *role},
               .session = std::move(session),
               .person = std::move(person)};
}

bool LoginDesk::may_be(std::string_view secret) {
  if (!is_session_secret(secret)) return false;
  const std::string id = session_id(session_hash(secret));
  // Held while the store is read: whoever else comes meanwhile would only read the same.
  const Lock lock(ids_mutex_);
  const SteadyTime now = clock_.steady_now();
  if (!ids_read_at_ || now - *ids_read_at_ >= params_.known_for) {
    const auto sessions = people_.sessions();
    if (!sessions) return true;  // look() says what is wrong
    ids_.clear();
    for (const SessionRecord& session : *sessions) ids_.insert(session.id);
    ids_read_at_ = now;
  }
  return ids_.contains(id);
}

Status LoginDesk::end(std::string_view secret) {
  if (!is_session_secret(secret)) return {};
  const Status ended = people_.revoke_session(session_id(session_hash(secret)), clock_.now());
  if (!ended && ended.error().code != Code::not_found) return ended;
  return {};
}

std::optional<std::string> LoginDesk::access_token(const PersonRecord& person) {
  if (params_.token_key.empty()) {
    const Lock lock(mutex_);
    const auto found = tokens_.find(person.name);
    if (found == tokens_.end()) return std::nullopt;
    return found->second;
  }
  if (person.sealed_token.empty()) return std::nullopt;
  auto token = unseal(person.sealed_token, params_.token_key, token_place(person.identity));
  if (token) return std::move(*token);
  return std::nullopt;  // of another key: the next login brings a new one
}

}  // namespace waybill
