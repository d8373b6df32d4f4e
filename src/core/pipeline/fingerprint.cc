#include "core/pipeline/fingerprint.h"

#include <algorithm>
#include <boost/json.hpp>

#include "base/digest.h"
#include "base/json.h"

namespace waybill::pipeline {
namespace bj = boost::json;
namespace {

constexpr std::size_t kDigestBytes = 16;

void add_fields(Fingerprint& fingerprint, const std::string& prefix, const bj::object& object) {
  for (const auto& member : object) {
    fingerprint.emplace_back(prefix + std::string(member.key()), digest_of(member.value()));
  }
}

}  // namespace

std::string digest_of(const bj::value& value) {
  return to_hex(sha256(json::canonical(value)).substr(0, kDigestBytes));
}

std::string digest_of(const Fingerprint& fingerprint) {
  return to_hex(sha256(to_json_text(fingerprint)).substr(0, kDigestBytes));
}

Fingerprint fingerprint_of(const TaskDefinition& task, const bj::object& params) {
  Fingerprint fingerprint = {{"kind", digest_of(bj::value(json::text(task.kind)))}};
  const auto spec = json::parse(task.spec);
  if (spec && spec->is_object()) add_fields(fingerprint, "spec.", spec->get_object());
  add_fields(fingerprint, "params.", params);
  for (const auto& [name, digest] : task.digests) {
    const auto known = std::find_if(fingerprint.begin(), fingerprint.end(),
                                    [&](const auto& field) { return field.first == name; });
    if (known == fingerprint.end()) {
      fingerprint.emplace_back(name, digest);
    } else {
      known->second = digest;
    }
  }
  std::sort(fingerprint.begin(), fingerprint.end());
  return fingerprint;
}

std::vector<std::string> differences(const Fingerprint& before, const Fingerprint& now) {
  std::vector<std::string> names;
  auto a = before.begin();
  auto b = now.begin();
  while (a != before.end() || b != now.end()) {
    if (b == now.end() || (a != before.end() && a->first < b->first)) {
      names.push_back((a++)->first);
    } else if (a == before.end() || b->first < a->first) {
      names.push_back((b++)->first);
    } else {
      if (a->second != b->second) names.push_back(a->first);
      ++a;
      ++b;
    }
  }
  return names;
}

std::string to_json_text(const Fingerprint& fingerprint) {
  bj::object object;
  for (const auto& [name, digest] : fingerprint) object[name] = json::text(digest);
  return json::serialize(object);
}

Result<Fingerprint> read_fingerprint(std::string_view text) {
  Fingerprint fingerprint;
  if (text.empty()) return fingerprint;
  const auto value = json::parse(text);
  if (!value) return fail(with_context(value.error(), "a fingerprint"));
  if (!value->is_object()) return fail(Code::invalid_argument, "a fingerprint is a map");
  for (const auto& member : value->get_object()) {
    if (!member.value().is_string()) {
      return fail(Code::invalid_argument, "a fingerprint is a map of texts");
    }
    fingerprint.emplace_back(member.key(), member.value().get_string());
  }
  std::sort(fingerprint.begin(), fingerprint.end());
  return fingerprint;
}

}  // namespace waybill::pipeline
