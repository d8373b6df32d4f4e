#include "core/provenance/materials.h"

#include <boost/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "base/json.h"
#include "core/artifact.h"
#include "core/fetch/url_reference.h"
#include "core/ipfs/cid.h"
#include "core/provenance/statement.h"
#include "core/task_json.h"

namespace waybill::provenance {
namespace {

namespace bj = boost::json;

/// A list in which nothing is twice.
class Materials {
 public:
  void add(bj::object descriptor) {
    if (seen_.insert(json::canonical(descriptor)).second) list_.push_back(std::move(descriptor));
  }
  bj::array take() { return std::move(list_); }

 private:
  std::set<std::string> seen_;
  bj::array list_;
};

std::string text_at(const bj::value& value, std::string_view name) {
  if (!value.is_object()) return {};
  const bj::value* found = value.get_object().if_contains(name);
  return found != nullptr && found->is_string() ? std::string(found->get_string()) : std::string();
}

std::string label_of(const Task& task, std::string_view name) {
  for (const auto& [label, value] : task.request.labels) {
    if (label == name) return value;
  }
  return {};
}

/// As SPDX and SLSA write one.
std::string git_uri(const std::string& repository) {
  if (repository.starts_with('/')) return "git+file://" + repository;
  return "git+" + without_passwords(repository);
}

void add_definition(const Task& task, const std::string& what, Materials& materials) {
  const std::string commit = label_of(task, what + ".commit");
  if (commit.empty()) return;
  materials.add({{"name", what},
                 {"uri", git_uri(label_of(task, what + ".repository"))},
                 {"digest", bj::object{{"gitCommit", commit}}},
                 {"annotations", bj::object{{"file", label_of(task, what + ".file")}}}});
}

/// `NAME@sha256:DIGEST`, or `sha256:ID`.
void add_image(const bj::value& spec, Materials& materials) {
  const std::string image = text_at(spec, "image");
  constexpr std::string_view kMark = "sha256:";
  const std::size_t at = image.rfind(kMark);
  if (at == image.npos || !is_sha256_hex(image.substr(at + kMark.size()))) return;
  bj::object descriptor{{"name", "image"},
                        {"digest", bj::object{{"sha256", image.substr(at + kMark.size())}}}};
  if (at > 1) descriptor["uri"] = "docker://" + image.substr(0, at - 1);
  materials.add(std::move(descriptor));
}

/// The text, or the parameter that it names: `${params.NAME}`.
std::string resolved(const std::string& text, const bj::value& params) {
  constexpr std::string_view kBegin = "${params.";
  if (!text.starts_with(kBegin) || !text.ends_with('}')) return text;
  return text_at(params, text.substr(kBegin.size(), text.size() - kBegin.size() - 1));
}

void add_repository(const bj::value& spec, const bj::value& params, Materials& materials) {
  const std::string commit = resolved(text_at(spec, "commit"), params);
  const std::string base = text_at(spec, "base");
  if (commit.empty()) return;
  materials.add({{"name", "repository"},
                 {"uri", git_uri((base.empty() ? "https://github.com" : base) + "/" +
                                 resolved(text_at(spec, "repository"), params))},
                 {"digest", bj::object{{"gitCommit", commit}}}});
  const std::string artifact = text_at(params, text_at(spec, "artifact"));
  if (!is_sha256_hex(artifact)) return;
  materials.add({{"name", "artifact"}, {"digest", bj::object{{"sha256", artifact}}}});
}

/// Every artifact or CID that is named somewhere in it.
void add_inputs(const bj::value& value, Materials& materials) {
  if (value.is_array()) {
    for (const bj::value& each : value.get_array()) add_inputs(each, materials);
  }
  if (!value.is_object()) return;
  const std::string sha256 = text_at(value, "sha256");
  if (is_sha256_hex(sha256)) {
    bj::object descriptor{{"digest", bj::object{{"sha256", sha256}}}};
    const std::string name = text_at(value, "name");
    descriptor["name"] = name.empty() ? "input" : name;
    materials.add(std::move(descriptor));
  }
  if (const auto cid = ipfs::parse_cid(text_at(value, "cid"))) {
    const std::string text = to_string(*cid);
    materials.add({{"uri", "ipfs://" + text}, {"digest", bj::object{{"ipfsCid", text}}}});
  }
  for (const auto& member : value.get_object()) add_inputs(member.value(), materials);
}

void add_fetched(const Task& task, Materials& materials) {
  const bj::value result = text_to_json(task.status.result);
  const std::string url = text_at(result, "url");
  const std::string sha256 = text_at(result, "sha256");
  const bool fetches = task.request.kind == "http.fetch" || task.request.kind == "ipfs.addurl" ||
                       task.request.kind == "ipfs.add";
  if (!fetches || url.empty() || !is_sha256_hex(sha256)) return;
  // Without the query, which may hold secrets.
  const std::string shown = shown_url(url);
  materials.add({{"name", "source"},
                 {"uri", shown.substr(0, shown.find('?'))},
                 {"digest", bj::object{{"sha256", sha256}}}});
}

void hide_passwords(bj::value& value) {
  if (value.is_string()) value = json::text(without_passwords(std::string(value.get_string())));
  if (value.is_array()) {
    for (bj::value& each : value.get_array()) hide_passwords(each);
  }
  if (!value.is_object()) return;
  for (auto& member : value.get_object()) hide_passwords(member.value());
}

}  // namespace

std::string without_passwords(std::string_view text) {
  std::string out;
  for (;;) {
    const std::size_t scheme = text.find("://");
    if (scheme == text.npos) return out += text;
    out += text.substr(0, scheme + 3);
    text.remove_prefix(scheme + 3);
    const std::string_view authority = text.substr(0, text.find_first_of("/?# \t\r\n\"'<>"));
    const std::size_t at = authority.rfind('@');
    const std::size_t colon = authority.find(':');
    if (at == authority.npos || colon >= at) continue;
    out += text.substr(0, colon + 1);
    out += "***";
    text.remove_prefix(at);
  }
}

bj::value shown_json(std::string_view text) {
  bj::value value = text_to_json(text);
  if (value.is_null()) return bj::object();
  hide_passwords(value);
  return value;
}

bj::array materials_of(const Task& task) {
  Materials materials;
  const bj::value spec = text_to_json(task.request.spec);
  const bj::value params = text_to_json(task.request.params);
  add_definition(task, "definition", materials);
  add_definition(task, "pipeline", materials);
  const bool is_repository = task.request.kind == "repo.run";
  if (is_repository || task.request.kind == "container") add_image(spec, materials);
  if (is_repository) add_repository(spec, params, materials);
  add_fetched(task, materials);
  add_inputs(spec, materials);
  add_inputs(params, materials);
  for (const Uuid& id : task.request.waits_for) {
    materials.add({{"name", "task"}, {"uri", "urn:uuid:" + to_string(id)}});
  }
  return materials.take();
}

}  // namespace waybill::provenance
