#include "core/git_source.h"

#include <algorithm>

#include "base/ascii.h"

namespace waybill {
namespace {

constexpr std::size_t kTextMax = 2000;
constexpr std::string_view kForm = "; the form is REPOSITORY#REF:DIRECTORY";

tl::unexpected<Error> refuse(std::string_view text, std::string_view why) {
  return fail(Code::invalid_argument,
              "the git source \"" + std::string(text) + "\" " + std::string(why));
}

bool is_one_of(char c, std::string_view others) {
  const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  return letter || is_digit(c) || others.find(c) != others.npos;
}

bool is_all(std::string_view text, std::string_view others) {
  return std::ranges::all_of(text, [&](char c) { return is_one_of(c, others); });
}

/// A name or an address of a host, which ssh must not take for an option.
bool is_host(std::string_view text) {
  if (text.empty() || text.front() == '-') return false;
  return is_all(text, ".-_") || (text.front() == '[' && text.back() == ']' && is_all(text, "[]:."));
}

bool is_user(std::string_view text) {
  return !text.empty() && text.front() != '-' && is_all(text, "._-+");
}

bool is_loopback(std::string_view host) {
  const bool is_ipv4 = std::ranges::all_of(host, [](char c) { return is_digit(c) || c == '.'; });
  return host == "localhost" || host == "[::1]" || (is_ipv4 && host.starts_with("127."));
}

/// `[user@]host[:port]` of a URL; what is wrong with it, or "".
std::string_view check_authority(std::string_view authority, const std::string& protocol) {
  const auto at = authority.rfind('@');
  std::string_view host = authority;
  if (at != authority.npos) {
    const std::string_view user = authority.substr(0, at);
    if (user.find(':') != user.npos) {
      return "must hold no password, since it is shown: keep that in --git-credentials-file";
    }
    if (!is_user(user)) return "names a user that is not of letters, digits, '.', '_' and '-'";
    host.remove_prefix(at + 1);
  }
  const auto colon = host.ends_with(']') ? host.npos : host.rfind(':');
  if (colon != host.npos) {
    const std::string_view port = host.substr(colon + 1);
    if (port.empty() || port.size() > 5 || !std::ranges::all_of(port, is_digit)) {
      return "has a port that is no number";
    }
    host = host.substr(0, colon);
  }
  if (!is_host(host)) return "names no host";
  if (protocol == "http" && !is_loopback(host)) {
    return "would cross the network in the clear: use https or ssh";
  }
  return "";
}

/// Splits what git would: a URL, `user@host:path`, or an absolute path.
std::string_view check_repository(GitSource& source) {
  const std::string_view text = source.repository;
  if (text.empty()) return "names no repository";
  if (text.front() == '-') return "must not begin with '-'";
  const auto plain = [](char c) { return c > ' ' && c < '\x7f' && c != '\\' && c != ','; };
  if (!std::ranges::all_of(text, plain)) {
    return "must be of printable characters without spaces, commas and backslashes";
  }
  const auto scheme = text.find("://");
  if (text.substr(0, scheme).find("::") != text.npos) {
    return "must not name a helper of git's (::)";
  }
  if (scheme != text.npos) {
    source.protocol = to_lower(text.substr(0, scheme));
    const std::string_view rest = text.substr(scheme + 3);
    if (source.protocol == "file") return rest.starts_with('/') ? "" : "must be file:///PATH";
    if (source.protocol != "https" && source.protocol != "http" && source.protocol != "ssh") {
      return "must be of https, ssh or file, or an absolute path";
    }
    const auto slash = rest.find('/');
    if (slash == rest.npos) return "names no repository on its host";
    return check_authority(rest.substr(0, slash), source.protocol);
  }
  source.protocol = "file";
  if (text.front() == '/') return "";
  const auto colon = text.find(':');
  if (colon == text.npos || text.substr(0, colon).find('/') != text.npos) {
    return "must be a URL, user@host:path, or an absolute path";
  }
  source.protocol = "ssh";
  if (colon + 1 == text.size() || text[colon + 1] == '-') return "names no repository on its host";
  return check_authority(text.substr(0, colon), "ssh");
}

/// git-check-ref-format(1), and nothing that is a range, a pattern or an option.
bool is_ref(std::string_view ref) {
  if (ref.size() > 250 || ref.front() == '-' || ref.front() == '/' || ref.front() == '.') {
    return false;
  }
  if (ref.back() == '/' || ref.back() == '.' || ref.ends_with(".lock")) return false;
  for (const std::string_view part : {"..", "//", "/.", "@{", ".lock/"}) {
    if (ref.find(part) != ref.npos) return false;
  }
  return ref != "@" && is_all(ref, "._-/+@=%");
}

bool is_directory(std::string_view directory) {
  if (directory.front() == '/' || directory.front() == '-') return false;
  while (!directory.empty()) {
    const auto slash = directory.find('/');
    const std::string_view part = directory.substr(0, slash);
    if (part.empty() || part == "." || part == ".." || to_lower(part) == ".git") return false;
    if (!is_all(part, "._-+@= ")) return false;
    directory = slash == directory.npos ? std::string_view{} : directory.substr(slash + 1);
  }
  return true;
}

}  // namespace

bool is_commit_id(std::string_view text) {
  return text.size() == 40 &&
         std::ranges::all_of(text, [](char c) { return is_digit(c) || (c >= 'a' && c <= 'f'); });
}

std::string short_commit(std::string_view commit) { return std::string(commit.substr(0, 12)); }

bool GitSource::is_commit() const { return is_commit_id(ref); }

Result<GitSource> parse_git_source(std::string_view text) {
  if (text.size() > kTextMax) return refuse(text.substr(0, 40), "is too long");
  GitSource source{.text = std::string(text)};
  const auto hash = text.find('#');
  source.repository = text.substr(0, hash);
  if (hash != text.npos) {
    const std::string_view rest = text.substr(hash + 1);
    const auto colon = rest.find(':');
    source.ref = rest.substr(0, colon);
    if (colon != rest.npos) source.directory = rest.substr(colon + 1);
  }
  while (source.directory.ends_with('/')) source.directory.pop_back();
  if (const auto wrong = check_repository(source); !wrong.empty()) return refuse(text, wrong);
  if (!source.ref.empty() && !is_ref(source.ref)) {
    return refuse(text, "names what is no branch, tag or commit: \"" + source.ref + "\"" +
                            std::string(kForm));
  }
  if (!source.directory.empty() && !is_directory(source.directory)) {
    return refuse(text, "names what is no directory within the repository: \"" + source.directory +
                            "\"" + std::string(kForm));
  }
  return source;
}

}  // namespace waybill
