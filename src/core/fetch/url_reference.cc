#include "core/fetch/url_reference.h"

#include <algorithm>

#include "base/ascii.h"
#include "base/percent.h"
#include "core/artifact.h"

namespace waybill {
namespace {

struct UrlParts {
  std::string_view scheme;     // without the colon
  std::string_view authority;  // without the slashes
  std::string_view path;
  std::string_view query;  // with the question mark
};

/// Of an absolute URL.
UrlParts parts_of_url(std::string_view url) {
  UrlParts parts;
  url = url.substr(0, url.find('#'));
  const auto colon = url.find("://");
  if (colon == url.npos) return parts;
  parts.scheme = url.substr(0, colon);
  url.remove_prefix(colon + 3);
  const auto authority = std::min(url.find_first_of("/?"), url.size());
  parts.authority = url.substr(0, authority);
  url.remove_prefix(authority);
  const auto query = std::min(url.find('?'), url.size());
  parts.path = url.substr(0, query);
  parts.query = url.substr(query);
  return parts;
}

/// RFC 3986, 5.2.4, of a path that begins with a slash.
std::string without_dots(std::string_view path) {
  std::string out;
  while (!path.empty()) {
    const auto end = std::min(path.find('/', 1), path.size());
    const std::string_view part = path.substr(0, end);
    path.remove_prefix(end);
    const bool is_last = path.empty();
    if (part == "/.") {
      if (is_last) out += '/';
    } else if (part == "/..") {
      out.erase(std::min(out.rfind('/'), out.size()));
      if (is_last) out += '/';
    } else {
      out += part;
    }
  }
  return out.empty() ? "/" : out;
}

bool has_a_scheme(std::string_view reference) {
  const auto colon = reference.find_first_of(":/?#");
  return colon != reference.npos && colon > 0 && reference[colon] == ':' &&
         is_letter(reference.front());
}

bool is_url_of(std::string_view url, std::string_view scheme) {
  if (to_lower(url.substr(0, scheme.size())) != scheme) return false;
  const std::string_view authority = parts_of_url(url).authority;
  const auto at = authority.rfind('@');
  const auto host = at == authority.npos ? authority : authority.substr(at + 1);
  return !host.empty() && host.front() != ':' && std::ranges::none_of(url, [](char c) {
    return static_cast<unsigned char>(c) <= ' ' || c == 0x7f;
  });
}

}  // namespace

bool is_https_url(std::string_view url) { return is_url_of(url, "https://"); }
bool is_http_url(std::string_view url) { return is_url_of(url, "http://") || is_https_url(url); }

Result<std::string> resolve_http_url(std::string_view base, std::string_view reference) {
  reference = reference.substr(0, reference.find('#'));
  const UrlParts from = parts_of_url(base);
  const std::string scheme(from.scheme);
  const std::string site = scheme + "://" + std::string(from.authority);
  std::string url;
  if (has_a_scheme(reference)) {
    url = reference;
  } else if (reference.starts_with("//")) {
    url = scheme + ":" + std::string(reference);
  } else if (reference.empty()) {
    url = site + std::string(from.path) + std::string(from.query);
  } else if (reference.front() == '?') {
    url = site + std::string(from.path) + std::string(reference);
  } else {
    const auto query = std::min(reference.find('?'), reference.size());
    std::string path(reference.substr(0, query));
    if (path.front() != '/') {
      const auto folder = from.path.rfind('/');
      path = (folder == from.path.npos ? "/" : std::string(from.path.substr(0, folder + 1))) + path;
    }
    url = site + without_dots(path) + std::string(reference.substr(query));
  }
  if (is_http_url(url)) return url;
  return fail(Code::invalid_argument, "it leads to what is no http:// or https:// URL");
}

std::string file_name_of_url(std::string_view url) {
  const std::string_view path = parts_of_url(url).path;
  const auto name =
      from_percent(path.substr(path.rfind('/') == path.npos ? 0 : path.rfind('/') + 1));
  const bool fits = name && name->find('/') == name->npos && check_artifact_name(*name);
  return fits ? *name : "index";
}

std::string target_of_url(std::string_view url) {
  const UrlParts parts = parts_of_url(url);
  return (parts.path.empty() ? "/" : std::string(parts.path)) + std::string(parts.query);
}

std::string host_key_of_url(std::string_view url) {
  const std::string_view authority = parts_of_url(url).authority;
  const auto at = authority.rfind('@');
  std::string host = to_lower(at == authority.npos ? authority : authority.substr(at + 1));
  const std::string_view usual = is_https_url(url) ? ":443" : ":80";
  if (host.ends_with(usual)) host.erase(host.size() - usual.size());
  if (host.ends_with(':')) host.pop_back();
  return host;
}

std::string origin_of_url(std::string_view url) {
  return (is_https_url(url) ? "https://" : "http://") + host_key_of_url(url);
}

std::string shown_url(std::string_view url) {
  const UrlParts parts = parts_of_url(url);
  const auto at = parts.authority.rfind('@');
  return std::string(parts.scheme) + "://" +
         std::string(at == parts.authority.npos ? parts.authority
                                                : parts.authority.substr(at + 1)) +
         std::string(parts.path) + (parts.query.empty() ? "" : "?…");
}

}  // namespace waybill
