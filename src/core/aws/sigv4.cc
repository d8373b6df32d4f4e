#include "core/aws/sigv4.h"

#include <algorithm>
#include <optional>

#include "base/ascii.h"
#include "base/digest.h"
#include "base/percent.h"

namespace waybill::aws {
namespace {

constexpr std::string_view kAlgorithm = "AWS4-HMAC-SHA256";

struct UrlParts {
  std::string host;  // as HTTP clients send it: no default port
  std::string_view path;
  std::string_view query;
};

std::optional<UrlParts> split_url(std::string_view url) {
  url = url.substr(0, url.find('#'));
  const std::size_t scheme_end = url.find("://");
  if (scheme_end == std::string_view::npos) return std::nullopt;
  const std::string_view scheme = url.substr(0, scheme_end);
  url.remove_prefix(scheme_end + 3);
  const std::size_t host_end = std::min(url.find_first_of("/?"), url.size());
  std::string_view host = url.substr(0, host_end);
  const std::string_view default_port = scheme == "https" ? ":443" : ":80";
  if (host.ends_with(default_port)) host.remove_suffix(default_port.size());
  if (host.empty()) return std::nullopt;
  url.remove_prefix(host_end);
  const std::size_t path_end = std::min(url.find('?'), url.size());
  UrlParts parts{.host = std::string(host), .path = url.substr(0, path_end)};
  if (path_end < url.size()) parts.query = url.substr(path_end + 1);
  return parts;
}

/// RFC 3986, 5.2.4, and no empty segments: as AWS wants it of every service but S3.
std::string normalized(std::string_view path) {
  std::vector<std::string_view> segments;
  const bool ends_open = path.ends_with('/') || path.ends_with("/.") || path.ends_with("/..");
  while (!path.empty()) {
    const std::size_t end = std::min(path.find('/'), path.size());
    const std::string_view segment = path.substr(0, end);
    path.remove_prefix(std::min(end + 1, path.size()));
    if (segment == "..") {
      if (!segments.empty()) segments.pop_back();
    } else if (!segment.empty() && segment != ".") {
      segments.push_back(segment);
    }
  }
  std::string out;
  for (const std::string_view segment : segments) (out += '/') += segment;
  if (ends_open || out.empty()) out += '/';
  return out;
}

std::optional<std::string> canonical_path(std::string_view path, std::string_view service) {
  if (service != "s3") return to_percent(normalized(path), "/");
  const auto key = from_percent(path);
  if (!key) return std::nullopt;
  return key->empty() ? "/" : to_percent(*key, "/");
}

std::optional<std::string> canonical_query(std::string_view query) {
  std::vector<std::pair<std::string, std::string>> fields;
  while (!query.empty()) {
    const std::size_t end = std::min(query.find('&'), query.size());
    const std::string_view field = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    if (field.empty()) continue;
    const std::size_t equals = std::min(field.find('='), field.size());
    const auto name = from_percent(field.substr(0, equals));
    const auto value = from_percent(field.substr(std::min(equals + 1, field.size())));
    if (!name || !value) return std::nullopt;
    fields.emplace_back(to_percent(*name), to_percent(*value));
  }
  std::sort(fields.begin(), fields.end());
  std::string out;
  for (const auto& [name, value] : fields) {
    if (!out.empty()) out += '&';
    out.append(name).append("=").append(value);
  }
  return out;
}

/// Without white space around it, and with one blank for each run of it inside.
void append_folded(std::string& out, std::string_view value) {
  const std::size_t begin = out.size();
  for (const char c : value) {
    const bool blank = c == ' ' || c == '\t';
    if (!blank) {
      out += c;
    } else if (out.size() > begin && out.back() != ' ') {
      out += ' ';
    }
  }
  if (out.size() > begin && out.back() == ' ') out.pop_back();
}

/// Appended one after another, without a text for each sum of two.
template <class... Parts>
std::string joined(const Parts&... parts) {
  std::string out;
  out.reserve((std::string_view(parts).size() + ...));
  (out.append(std::string_view(parts)), ...);
  return out;
}

struct CanonicalHeaders {
  std::string lines;
  std::string names;  // with semicolons
};

/// A header of the request, which outlives it.
struct Header {
  std::string name;  // in lower case
  std::string_view value;
};

CanonicalHeaders canonical_headers(std::vector<Header> headers) {
  // Those of one name stay in their order.
  std::stable_sort(headers.begin(), headers.end(),
                   [](const Header& a, const Header& b) { return a.name < b.name; });
  CanonicalHeaders canonical;
  canonical.lines.reserve(512);
  canonical.names.reserve(128);
  const std::string* last = nullptr;
  for (const auto& [name, value] : headers) {
    if (last != nullptr && *last == name) {
      canonical.lines.back() = ',';
    } else {
      if (last != nullptr) canonical.names += ';';
      canonical.names += name;
      canonical.lines += name;
      canonical.lines += ':';
    }
    append_folded(canonical.lines, value);
    canonical.lines += '\n';
    last = &name;
  }
  return canonical;
}

/// 20150830T123600Z
std::string basic_time(Time time) {
  std::string text = format_time(std::chrono::floor<std::chrono::seconds>(time));
  std::erase_if(text, [](char c) { return c == '-' || c == ':'; });
  return text;
}

std::string derive_key(std::string_view secret, std::string_view date, std::string_view region,
                       std::string_view service) {
  std::string key = hmac_sha256("AWS4" + std::string(secret), date);
  key = hmac_sha256(key, region);
  key = hmac_sha256(key, service);
  return hmac_sha256(key, "aws4_request");
}

}  // namespace

Signer::Signer(std::string region, std::string service)
    : region_(std::move(region)), service_(std::move(service)) {}

std::string Signer::key_of(std::string_view secret, std::string_view date) {
  {
    const Lock lock(mutex_);
    if (latest_.secret == secret && latest_.date == date) return latest_.key;
  }
  DerivedKey derived{.secret = std::string(secret),
                     .date = std::string(date),
                     .key = derive_key(secret, date, region_, service_)};
  const Lock lock(mutex_);
  latest_ = std::move(derived);
  return latest_.key;
}

Result<Headers> Signer::sign(const UnsignedRequest& request, const SigningKey& key, Time time) {
  const auto url = split_url(request.url);
  const auto path = url ? canonical_path(url->path, service_) : std::nullopt;
  const auto query = url ? canonical_query(url->query) : std::nullopt;
  if (!path || !query) {
    return fail(Code::invalid_argument, "cannot sign a request to '" + std::string(request.url) +
                                            "': it is no absolute, percent-encoded URL");
  }
  const std::string now = basic_time(time);
  const std::string body_hash = to_hex(sha256(request.body));
  Headers added;
  added.reserve(4);
  added.emplace_back("x-amz-date", now);
  if (!key.session_token.empty()) {
    added.emplace_back("x-amz-security-token", std::string(key.session_token));
  }
  if (service_ == "s3") added.emplace_back("x-amz-content-sha256", body_hash);

  std::vector<Header> all;
  all.reserve(request.headers.size() + added.size() + 1);
  for (const auto& [name, value] : request.headers) all.push_back({to_lower(name), value});
  for (const auto& [name, value] : added) all.push_back({name, value});
  all.push_back({"host", url->host});
  const CanonicalHeaders headers = canonical_headers(std::move(all));
  const std::string canonical = joined(request.method, "\n", *path, "\n", *query, "\n",
                                       headers.lines, "\n", headers.names, "\n", body_hash);

  const std::string date = now.substr(0, now.find('T'));
  const std::string where = joined(date, "/", region_, "/", service_, "/aws4_request");
  const std::string to_sign =
      joined(kAlgorithm, "\n", now, "\n", where, "\n", to_hex(sha256(canonical)));
  const std::string signature = to_hex(hmac_sha256(key_of(key.secret_access_key, date), to_sign));
  added.emplace_back("authorization",
                     joined(kAlgorithm, " Credential=", key.access_key_id, "/", where,
                            ", SignedHeaders=", headers.names, ", Signature=", signature));
  return added;
}

}  // namespace waybill::aws
