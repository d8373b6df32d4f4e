#include "apps/waybill/runtime/logins.h"

#include <utility>

#include "adapters/aws/settings.h"
#include "adapters/curl/http_client.h"
#include "adapters/github/login.h"
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

/// The secrets of all clients; what cannot be read is a problem.
std::map<std::string, std::string> read_secrets(const Document& document, LoginLoad& load) {
  std::map<std::string, std::string> secrets;
  for (std::size_t i = 0; i < load.settings.providers.size(); ++i) {
    const LoginProvider& provider = load.settings.providers[i];
    if (provider.client_secret_file.empty()) continue;
    const std::string pointer = "/providers/" + std::to_string(i) + "/client_secret_file";
    const auto add = [&](const std::string& message) {
      load.problems.push_back(
          {.file = document.file, .at = document.value_at(pointer), .message = message});
    };
    const auto text = aws::read_whole_file(provider.client_secret_file);
    if (!text) {
      add(text.error().message);
      continue;
    }
    secrets[provider.name] = trimmed(*text);
    if (secrets[provider.name].empty()) add(provider.client_secret_file + " is empty");
  }
  return secrets;
}

}  // namespace

Result<LoginFile> read_login(const std::string& path) {
  auto reading = yaml::read_file(path);
  if (!reading) return fail(with_context(reading.error(), "--login"));
  LoginLoad load{.settings = {}, .problems = std::move(reading->problems)};
  if (load.problems.empty()) load = load_login(reading->document);
  std::map<std::string, std::string> secrets;
  if (load.problems.empty()) secrets = read_secrets(reading->document, load);
  if (load.problems.empty()) return LoginFile{std::move(load.settings), std::move(secrets)};
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

}  // namespace waybill::cli
