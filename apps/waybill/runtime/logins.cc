#include "apps/waybill/runtime/logins.h"

#include <algorithm>
#include <utility>

#include "adapters/aws/settings.h"
#include "adapters/curl/http_client.h"
#include "adapters/github/login.h"
#include "adapters/github/permissions.h"
#include "adapters/local/system_random.h"
#include "adapters/oidc/provider.h"
#include "adapters/yaml/yaml.h"
#include "apps/waybill/environment.h"
#include "apps/waybill/secret_key.h"
#include "base/log.h"

namespace waybill::cli {
namespace {

/// Of an answer about one person, or the keys of an issuer.
constexpr std::size_t kAnswerBytesMax = std::size_t{1} << 20;
constexpr Duration kLookEvery = std::chrono::seconds(1);

/// Asks GitHub, and keeps what it says.
struct GithubAsker {
  GithubAsker(HttpClient& http, Clock& clock, github::GithubPermissions::Params params,
              const PermissionKeeperParams& keeping)
      : permissions(http, clock, std::move(params)), keeper(permissions, clock, keeping) {}
  github::GithubPermissions permissions;
  PermissionKeeper keeper;
};

std::string trimmed(const std::string& text) {
  const std::size_t begin = text.find_first_not_of(" \t\r\n");
  if (begin == text.npos) return "";
  return text.substr(begin, text.find_last_not_of(" \t\r\n") + 1 - begin);
}

/// What stands in the files that this field of the providers names; what cannot be read is a
/// problem.
std::map<std::string, std::string> read_secrets(const Document& document, LoginLoad& load,
                                                std::string LoginProvider::*path,
                                                const std::string& field) {
  std::map<std::string, std::string> secrets;
  for (std::size_t i = 0; i < load.settings.providers.size(); ++i) {
    const LoginProvider& provider = load.settings.providers[i];
    if ((provider.*path).empty()) continue;
    const std::string pointer = "/providers/" + std::to_string(i) + "/" + field;
    const auto add = [&](const std::string& message) {
      load.problems.push_back(
          {.file = document.file, .at = document.value_at(pointer), .message = message});
    };
    const auto text = aws::read_whole_file(provider.*path);
    if (!text) {
      add(text.error().message);
      continue;
    }
    secrets[provider.name] = trimmed(*text);
    if (secrets[provider.name].empty()) add(provider.*path + " is empty");
  }
  return secrets;
}

}  // namespace

Result<LoginFile> read_login(const std::string& path) {
  auto reading = yaml::read_file(path);
  if (!reading) return fail(with_context(reading.error(), "--login"));
  LoginLoad load{.settings = {}, .problems = std::move(reading->problems)};
  if (load.problems.empty()) load = load_login(reading->document);
  LoginFile file;
  if (load.problems.empty()) {
    file.secrets = read_secrets(reading->document, load, &LoginProvider::client_secret_file,
                                "client_secret_file");
    file.tokens =
        read_secrets(reading->document, load, &LoginProvider::api_token_file, "api_token_file");
    file.settings = std::move(load.settings);
  }
  if (load.problems.empty()) return file;
  std::string message = "the login file " + path + " has " + std::to_string(load.problems.size()) +
                        (load.problems.size() == 1 ? " problem:" : " problems:");
  for (const Problem& problem : load.problems) message += "\n  " + to_string(problem);
  return fail(Code::invalid_argument, message);
}

Result<std::unique_ptr<Logins>> Logins::create(Session& session, Store& store) {
  if (session.config().login.empty()) return nullptr;
  const FileStamp stamp = stamp_of(session.config().login);
  auto file = read_login(session.config().login);
  if (!file) return fail(file.error());
  auto key = read_secret_key(session.config());
  if (!key) return fail(key.error());
  CurlHttpClientParams params = curl_params(process_environment());
  params.body_bytes_max = kAnswerBytesMax;
  auto http = CurlHttpClient::create(session.clock(), std::move(params));
  if (!http) return fail(http.error());
  auto logins = std::make_unique<Logins>(session.clock(), session.config().login);
  logins->http_ = std::move(*http);
  logins->make_keepers(*file);
  logins->desk_ =
      std::make_unique<LoginDesk>(store.beside().people, session.clock(),
                                  LoginDeskParams{.settings = file->settings,
                                                  .providers = logins->make_clients(*file),
                                                  .random_bytes = system_random_bytes,
                                                  .token_key = key->value_or("")});
  logins->file_ = std::move(*file);
  logins->seen_ = logins->stamps();
  logins->seen_[logins->path_] = stamp;
  return logins;
}

std::map<std::string, IdentityProvider*> Logins::make_clients(const LoginFile& file) {
  std::map<std::string, IdentityProvider*> by_name;
  Clients clients;
  for (const LoginProvider& provider : file.settings.providers) {
    const auto found = file.secrets.find(provider.name);
    Client client{.provider = provider,
                  .secret = found == file.secrets.end() ? "" : found->second,
                  .asks = nullptr};
    const auto* before = clients_.empty() || !clients_.back().contains(provider.name)
                             ? nullptr
                             : &clients_.back().at(provider.name);
    if (before != nullptr && before->provider == provider && before->secret == client.secret) {
      client.asks = before->asks;  // which knows the keys of its issuer
    } else if (provider.kind == LoginProvider::Kind::github) {
      client.asks = std::make_shared<github::GithubLogin>(*http_, provider, client.secret);
    } else {
      client.asks = std::make_shared<oidc::OidcProvider>(*http_, clock_, provider, client.secret);
    }
    by_name[provider.name] = client.asks.get();
    clients[provider.name] = std::move(client);
  }
  clients_.push_back(std::move(clients));
  // The desk has the newest of them only after this.
  if (clients_.size() > LoginDesk::kTermsKept + 1) clients_.pop_front();
  return by_name;
}

void Logins::make_keepers(const LoginFile& file) {
  std::map<std::string, Keeper> keepers;
  PermissionKeepers::ByProvider by_provider;
  for (const LoginProvider& provider : file.settings.providers) {
    if (provider.kind != LoginProvider::Kind::github) continue;
    const auto token = file.tokens.find(provider.name);
    Keeper keeper{.api_url = provider.api_url,
                  .token = token == file.tokens.end() ? "" : token->second,
                  .kept = file.settings.rights_kept,
                  .refused_kept = file.settings.refusals_kept,
                  .keeps = nullptr};
    const auto before = keepers_of_now_.find(provider.name);
    if (before != keepers_of_now_.end() && keeper.asks_as(before->second)) {
      keeper.keeps = before->second.keeps;  // with what it knows
    } else {
      const auto asker = std::make_shared<GithubAsker>(
          *http_, clock_,
          github::GithubPermissions::Params{.api_url = keeper.api_url,
                                            .server_token = keeper.token},
          PermissionKeeperParams{.kept = keeper.kept, .refused_kept = keeper.refused_kept});
      keeper.keeps = std::shared_ptr<PermissionKeeper>(asker, &asker->keeper);
    }
    by_provider[provider.name] = keeper.keeps;
    keepers[provider.name] = std::move(keeper);
  }
  keepers_of_now_ = std::move(keepers);
  keepers_.take(std::move(by_provider));
}

Logins::Stamps Logins::stamps() const {
  Stamps stamps{{path_, stamp_of(path_)}};
  for (const LoginProvider& provider : file_.settings.providers) {
    for (const std::string& path : {provider.client_secret_file, provider.api_token_file}) {
      if (!path.empty()) stamps[path] = stamp_of(path);
    }
  }
  return stamps;
}

Result<Duration> Logins::step(const Deadline&) {
  Stamps now = stamps();
  // A file with trouble may name another that is about to come.
  if (now == seen_ && trouble_.empty()) return kLookEvery;
  // One that is still being written is left for the next look: half of it may make sense too.
  if (now != seen_ && now != changing_) {
    changing_ = std::move(now);
    return kLookEvery;
  }
  seen_ = std::move(now);
  auto file = read_login(path_);
  if (!file) {
    if (file.error().message != trouble_) {
      log::warn("login_file_not_taken", file.error().message + "; what it said before stands",
                {{"file", path_}});
    }
    trouble_ = file.error().message;
    return kLookEvery;
  }
  trouble_.clear();
  desk_->take(file->settings, make_clients(*file));
  make_keepers(*file);
  file_ = std::move(*file);
  // What has changed since it was looked at, and so perhaps since it was read, the next step sees.
  Stamps named = stamps();
  for (auto& [path, stamp] : named) {
    if (const auto found = seen_.find(path); found != seen_.end()) stamp = found->second;
  }
  seen_ = std::move(named);
  log::info("login_file_taken", "logins and roles are now what the login file says",
            {{"file", path_}});
  return kLookEvery;
}

namespace {

/// Of a pipeline, or of a wait for an approval.
bool any_pipeline_rule(const pipeline::Pipelines& pipelines) {
  return std::ranges::any_of(pipelines, [](const auto& entry) {
    if (entry.second.who_may) return true;
    return std::ranges::any_of(entry.second.steps, [](const pipeline::StepDefinition& step) {
      return step.wait.find("\"who_may\"") != step.wait.npos;
    });
  });
}

}  // namespace

Result<Rules> make_rules(Session& session, Store& store, const CurrentDefinitions& definitions) {
  auto logins = Logins::create(session, store);
  if (!logins) return fail(logins.error());
  Rules rules{.logins = std::move(*logins), .desk = nullptr};
  const auto now = definitions();
  const bool any = !session.config().definitions_from.empty() || !now->queue_rules.empty() ||
                   any_pipeline_rule(now->pipelines) ||
                   std::ranges::any_of(now->tasks, [](const auto& entry) {
                     return entry.second.who_may.has_value();
                   });
  if (!any) return rules;
  rules.desk = std::make_unique<RuleDesk>(
      RuleDeskParts{.definitions = definitions,
                    .people = store.beside().people,
                    .logins = rules.logins ? &rules.logins->desk() : nullptr,
                    .keepers = rules.logins ? &rules.logins->keepers() : nullptr,
                    .clock = session.clock(),
                    .runs = &store.beside().runs});
  return rules;
}

}  // namespace waybill::cli
