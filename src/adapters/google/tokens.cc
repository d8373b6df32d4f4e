#include "adapters/google/tokens.h"

#include <utility>

#include "adapters/google/fetchers.h"
#include "adapters/google/token_cache.h"

namespace waybill {
namespace {

using google::Scopes;
using google::Settings;
using google::Token;
using google::TokenPorts;

constexpr const char* kVariable = "GOOGLE_APPLICATION_CREDENTIALS";

/// Where gcloud puts the credentials of who logs in; empty: there is no home.
std::string path_of_gcloud(const Settings& settings) {
  constexpr const char* kName = "/application_default_credentials.json";
  const std::string folder = settings.variable("CLOUDSDK_CONFIG");
  if (!folder.empty()) return folder + kName;
  const std::string home = settings.variable("HOME");
  return home.empty() ? "" : home + "/.config/gcloud" + kName;
}

/// The places that are looked at, one after another.
class DefaultCredentials {
 public:
  DefaultCredentials(Scopes scopes, const Settings& settings, TokenPorts ports)
      : scopes_(std::move(scopes)), settings_(settings), ports_(ports) {}

  Result<Token> operator()(const Deadline& deadline) const {
    const std::string named = settings_.variable(kVariable);
    if (!named.empty()) return from_named(named, deadline);
    std::string looked_at = std::string(kVariable) + " is not set";
    const std::string path = path_of_gcloud(settings_);
    if (path.empty()) {
      looked_at += "; HOME is not set";
    } else {
      const auto text = settings_.read_file(path);
      if (text) return from_text(*text, path, deadline);
      if (text.error().code != Code::not_found) return fail(unreadable(path, text.error()));
      looked_at += "; there is no " + path;
    }
    return from_metadata(looked_at, deadline);
  }

 private:
  static Error unreadable(const std::string& path, const Error& why) {
    return {.code = Code::unauthenticated,
            .message = "credentials in " + path + ": " + why.message};
  }

  Result<Token> from_named(const std::string& path, const Deadline& deadline) const {
    const auto text = settings_.read_file(path);
    if (text) return from_text(*text, path, deadline);
    return fail(with_context(unreadable(path, text.error()), kVariable));
  }

  Result<Token> from_text(const std::string& text, const std::string& path,
                          const Deadline& deadline) const {
    const auto file = google::parse_credential_file(text);
    if (!file) return fail(unreadable(path, file.error()));
    auto token = google::from_file(*file, scopes_, ports_, deadline);
    if (!token) return fail(with_context(token.error(), "credentials in " + path));
    return token;
  }

  Result<Token> from_metadata(std::string looked_at, const Deadline& deadline) const {
    if (settings_.variable("NO_GCE_CHECK") == "true") {
      looked_at += "; NO_GCE_CHECK is true";
    } else {
      const google::MetadataServer server(settings_, ports_);
      auto token = server.access_token(scopes_, deadline);
      if (token) return token;
      const std::string place = "metadata server " + server.url();
      if (token.error().code != Code::not_found) return fail(with_context(token.error(), place));
      looked_at += "; " + place + ": " + token.error().message;
    }
    return fail(Code::unauthenticated, "no credentials for Google are configured; looked at: " +
                                           looked_at + ". Set " + kVariable +
                                           " to the key file of a service account, or run gcloud "
                                           "auth application-default login");
  }

  const Scopes scopes_;
  const Settings& settings_;
  const TokenPorts ports_;
};

}  // namespace

std::unique_ptr<TokenSource> google_access_tokens(std::vector<std::string> scopes,
                                                  const Settings& settings, TokenPorts ports) {
  return std::make_unique<google::TokenCache>(
      "ambient service account", DefaultCredentials(std::move(scopes), settings, ports),
      ports.clock);
}

std::unique_ptr<TokenSource> google_identity_tokens(const std::string& audience,
                                                    const Settings& settings, TokenPorts ports) {
  const auto fetch = [audience, &settings, ports](const Deadline& deadline) -> Result<Token> {
    const google::MetadataServer server(settings, ports);
    auto token = server.identity_token(audience, deadline);
    if (token) return token;
    Error error = token.error();
    if (error.code == Code::not_found) error.code = Code::unauthenticated;
    return fail(with_context(
        std::move(error), "identity token for " + audience + ": metadata server " + server.url()));
  };
  return std::make_unique<google::TokenCache>("identity of the machine for " + audience, fetch,
                                              ports.clock);
}

}  // namespace waybill
