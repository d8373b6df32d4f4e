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

namespace waybill::cli {
namespace {

/// Of an answer about one person, or the keys of an issuer.
constexpr std::size_t kAnswerBytesMax = std::size_t{1} << 20;

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
  auto file = read_login(session.config().login);
  if (!file) return fail(file.error());
  auto key = read_secret_key(session.config());
  if (!key) return fail(key.error());
  CurlHttpClientParams params = curl_params(process_environment());
  params.body_bytes_max = kAnswerBytesMax;
  auto http = CurlHttpClient::create(session.clock(), std::move(params));
  if (!http) return fail(http.error());
  auto logins = std::make_unique<Logins>();
  logins->http_ = std::move(*http);
  std::map<std::string, IdentityProvider*> by_name;
  for (const LoginProvider& provider : file->settings.providers) {
    const std::string& secret = file->secrets[provider.name];
    std::unique_ptr<IdentityProvider> made;
    if (provider.kind == LoginProvider::Kind::github) {
      made = std::make_unique<github::GithubLogin>(*logins->http_, provider, secret);
      logins->permissions_.push_back(std::make_unique<github::GithubPermissions>(
          *logins->http_, session.clock(),
          github::GithubPermissions::Params{.api_url = provider.api_url,
                                            .server_token = file->tokens[provider.name]}));
      logins->keepers_[provider.name] = std::make_unique<PermissionKeeper>(
          *logins->permissions_.back(), session.clock(),
          PermissionKeeperParams{.kept = file->settings.rights_kept,
                                 .refused_kept = file->settings.refusals_kept});
    } else {
      made =
          std::make_unique<oidc::OidcProvider>(*logins->http_, session.clock(), provider, secret);
    }
    by_name[provider.name] = made.get();
    logins->providers_.push_back(std::move(made));
  }
  logins->desk_ = std::make_unique<LoginDesk>(store.beside().people, session.clock(),
                                              LoginDeskParams{.settings = std::move(file->settings),
                                                              .providers = std::move(by_name),
                                                              .random_bytes = system_random_bytes,
                                                              .token_key = key->value_or("")});
  return logins;
}

std::map<std::string, PermissionKeeper*> Logins::keepers() const {
  std::map<std::string, PermissionKeeper*> all;
  for (const auto& [name, keeper] : keepers_) all[name] = keeper.get();
  return all;
}

Result<Rules> make_rules(Session& session, Store& store, const Definitions& definitions) {
  auto logins = Logins::create(session, store);
  if (!logins) return fail(logins.error());
  Rules rules{.logins = std::move(*logins), .desk = nullptr};
  const bool any = !definitions.queue_rules.empty() ||
                   std::ranges::any_of(definitions.tasks, [](const auto& entry) {
                     return entry.second.who_may.has_value();
                   });
  if (!any) return rules;
  rules.desk = std::make_unique<RuleDesk>(
      RuleDeskParts{.definitions = definitions.tasks,
                    .queues = definitions.queue_rules,
                    .people = store.beside().people,
                    .logins = rules.logins ? &rules.logins->desk() : nullptr,
                    .keepers = rules.logins ? rules.logins->keepers()
                                            : std::map<std::string, PermissionKeeper*>(),
                    .clock = session.clock()});
  return rules;
}

}  // namespace waybill::cli
