#include "adapters/google/credential_file.h"

#include <algorithm>
#include <boost/json.hpp>
#include <iterator>

#include "base/json.h"

namespace waybill::google {
namespace {

constexpr const char* kTokenUri = "https://oauth2.googleapis.com/token";
constexpr std::string_view kUnsupported[] = {"external_account", "external_account_authorized_user",
                                             "impersonated_service_account",
                                             "gdch_service_account"};

std::string member(const boost::json::object& file, std::string_view name) {
  const boost::json::value* value = file.if_contains(name);
  return value != nullptr && value->is_string() ? std::string(value->as_string()) : std::string();
}

std::string token_uri(const boost::json::object& file) {
  std::string uri = member(file, "token_uri");
  return uri.empty() ? kTokenUri : uri;
}

/// The name of the first of these members that is missing; empty: none is.
std::string first_missing(const boost::json::object& file,
                          std::initializer_list<std::string_view> names) {
  const auto* missing = std::find_if(names.begin(), names.end(),
                                     [&](auto name) { return member(file, name).empty(); });
  return missing == names.end() ? std::string() : std::string(*missing);
}

tl::unexpected<Error> refused(const std::string& why) { return fail(Code::unauthenticated, why); }

Result<CredentialFile> service_account(const boost::json::object& file) {
  const std::string missing = first_missing(file, {"client_email", "private_key"});
  if (!missing.empty()) return refused("the service account key has no " + missing);
  return ServiceAccountKey{.client_email = member(file, "client_email"),
                           .private_key_id = member(file, "private_key_id"),
                           .private_key = member(file, "private_key"),
                           .token_uri = token_uri(file)};
}

Result<CredentialFile> authorized_user(const boost::json::object& file) {
  const std::string missing = first_missing(file, {"client_id", "client_secret", "refresh_token"});
  if (!missing.empty()) return refused("the user's credentials have no " + missing);
  return AuthorizedUser{.client_id = member(file, "client_id"),
                        .client_secret = member(file, "client_secret"),
                        .refresh_token = member(file, "refresh_token"),
                        .token_uri = token_uri(file)};
}

}  // namespace

Result<CredentialFile> parse_credential_file(std::string_view text) {
  const auto json = json::parse(text);
  if (!json || !json->is_object()) return refused("it holds no JSON object");
  const boost::json::object& file = json->as_object();
  const std::string type = member(file, "type");
  if (type == "service_account") return service_account(file);
  if (type == "authorized_user") return authorized_user(file);
  if (std::find(std::begin(kUnsupported), std::end(kUnsupported), type) != std::end(kUnsupported)) {
    return refused("credentials of the type " + type +
                   " are not supported; use the key of a service account, a user's login, or the "
                   "metadata server");
  }
  return refused(
      "its type is neither service_account nor authorized_user; a client's secret, for instance, "
      "is no credential");
}

}  // namespace waybill::google
