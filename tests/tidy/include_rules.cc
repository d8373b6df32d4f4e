#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "tests/tidy/rules.h"

namespace waybill::tidy {
namespace {

using Names = std::vector<std::string_view>;

/// What the files of a folder may include of ours, next to the folder itself.
struct Layer {
  std::string_view folder;
  Names sees;
};

const std::vector<Layer>& layers() {
  static const std::vector<Layer> all = {
      {"src/base/", {}},
      {"src/core/", {"base/"}},
      {"src/ports/", {"base/", "core/"}},
      {"src/services/", {"base/", "core/", "ports/"}},
      {"src/decorators/", {"base/", "core/", "ports/"}},
      {"src/kinds/", {"base/", "core/", "ports/"}},
      {"src/adapters/", {"base/", "core/", "ports/"}},
      {"src/testing/", {"base/", "core/", "ports/"}},
      {"src/http/", {"base/", "core/", "ports/", "services/"}},
      {"src/rpc/", {"base/", "core/", "ports/", "services/", "http/"}},
      {"bench/", {"base/", "core/", "ports/", "services/", "kinds/", "adapters/", "bench/"}},
      {"apps/",
       {"base/", "core/", "ports/", "services/", "decorators/", "kinds/", "adapters/", "http/",
        "rpc/", "bench/"}},
  };
  return all;
}

/// A third-party header, and the only places that may include it.
struct ThirdParty {
  std::string_view header;  ///< how it begins
  Names allowed;            ///< files, or folders ending in /
};

const std::vector<ThirdParty>& third_parties() {
  static const std::vector<ThirdParty> all = {
      {"tl/expected.hpp", {"src/base/result.h"}},
      {"boost/json/fwd.hpp", {"src/", "apps/", "bench/"}},  // declarations only
      {"spdlog/", {"src/base/log.cc"}},
      {"CLI/", {"apps/"}},
      {"yaml-cpp/", {"src/adapters/yaml/"}},
      {"sqlite3.h", {"src/adapters/sqlite/", "src/kinds/archive/morph/", "bench/"}},
      {"libpq-fe.h", {"src/adapters/postgres/", "bench/"}},
      {"amqp", {"src/adapters/amqp/", "bench/scale/"}},
      {"hiredis/", {"src/adapters/redis/"}},
  };
  return all;
}

/// Those that may stand in any .cc, but in no header.
const Names& implementation_only() {
  static const Names all = {"boost/",  "openssl/", "CLI/",      "yaml-cpp/",
                            "spdlog/", "curl/",    "benchmark/"};
  return all;
}
const Names& test_only() {
  static const Names all = {"gtest/", "gmock/", "rapidcheck"};
  return all;
}

bool begins_with_any(std::string_view text, const Names& starts) {
  return std::ranges::any_of(starts, [&](auto start) { return text.starts_with(start); });
}

/// `src/adapters/sqlite/` for a file in it: adapters and kinds don't see each other.
std::string_view own_folder(const Source& source) {
  const std::string_view path = source.path;
  const bool nested = source.is_under("src/adapters/") || source.is_under("src/kinds/");
  auto end = path.find('/', path.find('/') + 1);
  if (nested && end != path.npos) end = path.find('/', end + 1);
  return path.substr(0, end == path.npos ? path.rfind('/') + 1 : end + 1);
}

bool may_see(const Source& source, const Layer& layer, std::string_view include) {
  auto own = own_folder(source);
  if (include.starts_with(own)) return true;
  if (own.starts_with("src/") && include.starts_with(own.substr(4))) return true;
  if (source.is_test() && begins_with_any(include, {"testing/", "tests/"})) return true;
  return begins_with_any(include, layer.sees);
}

struct Include {
  std::size_t line = 0;
  std::string_view path;
};

void add(Findings& findings, const Source& source, std::string rule, const Include& include,
         std::string message) {
  findings.push_back({.rule = std::move(rule),
                      .path = source.path,
                      .line = include.line,
                      .amount = 1,
                      .message = std::string(include.path) + ": " + std::move(message)});
}

void check_ours(const Source& source, const Include& include, Findings& findings) {
  for (const auto& layer : layers()) {
    if (source.is_under(layer.folder) && !may_see(source, layer, include.path))
      add(findings, source, "layers", include,
          "this folder may not see that one (ARCHITECTURE.md, who may include whom)");
  }
}

void check_third_party(const Source& source, const Include& include, Findings& findings) {
  for (const auto& party : third_parties()) {
    if (!include.path.starts_with(party.header)) continue;
    if (source.is_test() || begins_with_any(source.path, party.allowed)) return;
    add(findings, source, "third-party", include, "only its one folder may include it");
    return;
  }
  if (source.is_test()) return;
  if (begins_with_any(include.path, test_only()))
    add(findings, source, "third-party", include, "only tests may include it");
  if (source.is_header() && begins_with_any(include.path, implementation_only()))
    add(findings, source, "third-party", include,
        "a header may not include it: declare forward, include it in the .cc");
}

}  // namespace

void check_includes(const Source& source, Findings& findings) {
  if (!source.is_cpp()) return;
  const auto begin = source.code.find_first_not_of(" \n");
  if (source.is_header() &&
      (begin == source.code.npos || !source.code.substr(begin).starts_with("#pragma once\n")))
    findings.push_back({"pragma-once", source.path, 1, 1, "a header begins with #pragma once"});
  std::size_t number = 0;
  for (const auto line : lines_of(source.text)) {
    ++number;
    if (!line.starts_with("#include ")) continue;
    const auto open = line.find_first_of("\"<");
    const auto close = line.find_last_of("\">");
    if (open == line.npos || close <= open) continue;
    const Include include{.line = number, .path = line.substr(open + 1, close - open - 1)};
    if (line[open] == '"') {
      check_ours(source, include, findings);
    } else {
      check_third_party(source, include, findings);
    }
  }
}

}  // namespace waybill::tidy
