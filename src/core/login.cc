#include "core/login.h"

#include <algorithm>
#include <boost/json.hpp>
#include <filesystem>
#include <utility>

#include "base/ascii.h"
#include "base/check.h"
#include "base/json.h"
#include "core/definition_fields.h"
#include "core/json_schema.h"
#include "core/listen_address.h"
#include "core/suggest.h"

namespace waybill {
namespace bj = boost::json;
namespace {

const JsonSchema& schema() {
  static const JsonSchema kSchema = [] {
    const auto text = json::parse(login_schema());
    WAYBILL_CHECK(text, "the embedded schema is JSON");
    auto compilation = JsonSchema::compile(*text, standard_formats());
    WAYBILL_CHECK(compilation.schema, "the embedded schema compiles");
    return *compilation.schema;
  }();
  return kSchema;
}

std::string without_slash(std::string url) {
  while (url.ends_with('/')) url.pop_back();
  return url;
}

/// As browsers write it: in lower case, without the port of its scheme.
std::string as_origin(const std::string& url) {
  std::string origin = to_lower(without_slash(url));
  const std::string_view port = origin.starts_with("https:") ? ":443" : ":80";
  if (origin.ends_with(port)) origin.resize(origin.size() - port.size());
  return origin;
}

/// What comes after a scheme up to the path: "example.org:8443".
std::string_view host_of(std::string_view url) {
  const std::size_t begin = url.find("://");
  if (begin == url.npos) return {};
  url.remove_prefix(begin + 3);
  return url.substr(0, url.find_first_of("/?#"));
}

/// What is sent there or comes from there has to be safe from others on the way.
bool is_safe_url(std::string_view url) {
  const std::string_view host = host_of(url);
  if (host.empty() || host.find('@') != host.npos) return false;
  if (url.find_first_of("#\\ \t\r\n") != url.npos) return false;
  return url.starts_with("https://") || (url.starts_with("http://") && is_loopback_host(host));
}

std::vector<std::string> texts(const Fields& fields, std::string_view name,
                               std::vector<std::string> otherwise) {
  const bj::value* list = fields.find(name);
  if (list == nullptr) return otherwise;
  std::vector<std::string> all;
  for (const bj::value& text : list->get_array()) all.emplace_back(text.get_string());
  return all;
}

class LoginLoader {
 public:
  explicit LoginLoader(const Document& document) : document_(document) {}

  LoginLoad load() {
    const auto value = json::parse(document_.json);
    if (!value) {
      load_.problems.push_back({.file = document_.file, .message = value.error().message});
      return std::move(load_);
    }
    for (const SchemaViolation& violation : schema().check(*value)) {
      add(violation.pointer, violation.message, violation.of);
    }
    if (load_.problems.empty()) read(value->get_object());
    return std::move(load_);
  }

 private:
  void read(const bj::object& object) {
    const Fields fields(object);
    LoginSettings& settings = load_.settings;
    settings.base_url = as_origin(fields.text("base_url"));
    check_url("/base_url", settings.base_url);
    const bj::array& providers = fields.find("providers")->get_array();
    for (std::size_t i = 0; i < providers.size(); ++i) {
      read_provider(Fields(providers[i].get_object()), "/providers/" + std::to_string(i));
    }
    if (const bj::value* people = fields.find("people")) {
      for (std::size_t i = 0; i < people->get_array().size(); ++i) {
        read_rule(Fields(people->get_array()[i].get_object()), "/people/" + std::to_string(i));
      }
    }
    settings.default_role = parse_role(fields.text("default_role"));
    const Fields sessions(fields.object("sessions"));
    settings.idle_max = limit(sessions, "idle", settings.idle_max);
    settings.session_max = limit(sessions, "longest", settings.session_max);
    const Fields rules(fields.object("rules"));
    settings.rights_kept = age(rules, "kept", settings.rights_kept);
    settings.refusals_kept = age(rules, "refused_kept", settings.refusals_kept);
    settings.rights_before_run = age(rules, "before_run", settings.rights_before_run);
    if (settings.people.empty() && !settings.default_role) {
      add("", "it lets nobody in: add rules under people, or a default_role");
    }
  }

  Duration limit(const Fields& fields, std::string_view name, Duration otherwise) {
    const Duration value = fields.duration(name, otherwise);
    if (value < std::chrono::minutes(1) || value > std::chrono::hours(24 * 366)) {
      add("/sessions/" + std::string(name), "has to be 1m to 366d");
    }
    return value;
  }

  Duration age(const Fields& fields, std::string_view name, Duration otherwise) {
    const Duration value = fields.duration(name, otherwise);
    if (value < Duration::zero() || value > std::chrono::hours(1)) {
      add("/rules/" + std::string(name), "has to be 0 to 1h");
    }
    return value;
  }

  /// A path in the file is relative to it.
  std::string file_at(const Fields& fields, std::string_view name) const {
    if (!fields.has(name)) return "";
    const auto path = std::filesystem::path(document_.directory) / fields.text(name);
    return path.lexically_normal().string();
  }

  void check_url(const std::string& pointer, const std::string& url) {
    if (is_safe_url(url)) return;
    add(pointer, "\"" + url + "\" has to be https, or http on this machine");
  }

  void read_provider(const Fields& fields, const std::string& pointer) {
    LoginProvider provider;
    provider.name = fields.text("name");
    provider.client_id = fields.text("client_id");
    provider.client_secret_file = file_at(fields, "client_secret_file");
    provider.api_token_file = file_at(fields, "api_token_file");
    if (fields.text("kind") == "github") {
      provider.kind = LoginProvider::Kind::github;
      provider.scopes = texts(fields, "scopes", {"read:user"});
      provider.api_url = without_slash(fields.text("api_url", "https://api.github.com"));
      provider.web_url = without_slash(fields.text("web_url", "https://github.com"));
      check_url(pointer + "/api_url", provider.api_url);
      check_url(pointer + "/web_url", provider.web_url);
    } else {
      provider.scopes = texts(fields, "scopes", {"openid", "profile", "email"});
      provider.issuer = fields.text("issuer");
      provider.name_claim = fields.text("name_claim", "sub");
      provider.groups_claim = fields.text("groups_claim", "groups");
      check_url(pointer + "/issuer", provider.issuer);
      if (std::ranges::find(provider.scopes, "openid") == provider.scopes.end()) {
        add(pointer + "/scopes", "has to have openid among them");
      }
    }
    // Such names would be taken for those of what else makes tasks.
    for (const std::string_view taken : {"token", "scan", "schedule", "cli", "local", "worker"}) {
      if (provider.name == taken) add(pointer + "/name", "\"" + provider.name + "\" is taken");
    }
    if (load_.settings.find(provider.name) != nullptr) {
      add(pointer + "/name", "there are two providers \"" + provider.name + "\"");
    }
    load_.settings.providers.push_back(std::move(provider));
  }

  void read_rule(const Fields& fields, const std::string& pointer) {
    const Fields match(fields.object("match"));
    PersonRule rule{.provider = match.text("provider"),
                    .login = match.text("login"),
                    .subject = match.text("subject"),
                    .group = match.text("group"),
                    .email = to_lower(match.text("email")),
                    .email_domain = to_lower(match.text("email_domain")),
                    .role = parse_role(fields.text("role"))};
    const LoginProvider* provider = load_.settings.find(rule.provider);
    if (provider == nullptr) {
      std::vector<std::string> known;
      for (const LoginProvider& other : load_.settings.providers) known.push_back(other.name);
      add(pointer + "/match/provider",
          "there is no provider \"" + rule.provider + "\"" + did_you_mean(rule.provider, known));
    } else if (provider->kind == LoginProvider::Kind::github) {
      for (const char* field : {"group", "email", "email_domain"}) {
        if (!match.has(field)) continue;
        add(pointer + "/match/" + field, "GitHub does not tell that; match by login or subject");
      }
    }
    load_.settings.people.push_back(std::move(rule));
  }

  void add(const std::string& pointer, std::string message,
           SchemaViolation::Of of = SchemaViolation::Of::value) {
    const Position at =
        of == SchemaViolation::Of::key ? document_.key_at(pointer) : document_.value_at(pointer);
    load_.problems.push_back(
        {.file = document_.file,
         .at = at,
         .message = at.line == 0 ? to_string(SchemaViolation{pointer, message}) : message});
  }

  const Document& document_;
  LoginLoad load_;
};

bool fits(const PersonRule& rule, const Identity& identity, bool any_case) {
  if (rule.provider != identity.provider) return false;
  const bool same_login =
      any_case ? to_lower(rule.login) == to_lower(identity.login) : rule.login == identity.login;
  if (!rule.login.empty() && !same_login) return false;
  if (!rule.subject.empty() && rule.subject != identity.subject) return false;
  if (!rule.group.empty() &&
      std::ranges::find(identity.groups, rule.group) == identity.groups.end()) {
    return false;
  }
  const std::string email = identity.email_verified ? to_lower(identity.email) : "";
  if (!rule.email.empty() && rule.email != email) return false;
  return rule.email_domain.empty() ||
         (email.ends_with("@" + rule.email_domain) && std::ranges::count(email, '@') == 1);
}

}  // namespace

const LoginProvider* LoginSettings::find(std::string_view name) const {
  const auto found = std::ranges::find(providers, name, &LoginProvider::name);
  return found == providers.end() ? nullptr : &*found;
}

LoginLoad load_login(const Document& document) { return LoginLoader(document).load(); }

std::optional<Role> role_of(const LoginSettings& settings, const Identity& identity) {
  const LoginProvider* provider = settings.find(identity.provider);
  if (provider == nullptr) return std::nullopt;  // no longer in the file
  const bool any_case = provider->kind == LoginProvider::Kind::github;
  for (const PersonRule& rule : settings.people) {
    if (fits(rule, identity, any_case)) return rule.role;
  }
  return settings.default_role;
}

bool is_local_path(std::string_view path) {
  if (path.empty() || path.front() != '/' || path.size() > 2000) return false;
  if (path.size() > 1 && (path[1] == '/' || path[1] == '\\')) return false;
  return std::ranges::all_of(path, [](char c) { return c > ' ' && c < '\x7f' && c != '\\'; });
}

}  // namespace waybill
