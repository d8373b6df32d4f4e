#include "kinds/archive/fetch/metalink.h"

#include <algorithm>
#include <pugixml.hpp>
#include <utility>

#include "core/artifact.h"
#include "core/fetch/digest_fields.h"
#include "core/fetch/url_reference.h"
#include "kinds/archive/xml_text.h"

namespace waybill {
namespace {

constexpr std::int64_t kPriorityLast = 999'999;  // RFC 5854, 4.2.16.1
constexpr std::int64_t kPreferenceMax = 100;     // of version 3, where more is better

std::string_view without_blanks(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r\n");
  if (first == text.npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

pugi::xml_node child_named(const pugi::xml_node& parent, std::string_view name) {
  for (const pugi::xml_node& child : parent.children()) {
    if (local_xml_name(child) == name) return child;
  }
  return {};
}

std::string name_of_file(const pugi::xml_node& file) {
  return text_of_xml(file.attribute("name").value());
}

Result<MetalinkFile> refused(const std::string& why) {
  return fail(Code::failed_precondition, why);
}

/// The file that is meant, or why none is.
Result<pugi::xml_node> choose_file(const pugi::xml_node& parent, std::string_view wanted) {
  std::vector<pugi::xml_node> files;
  std::vector<pugi::xml_node> named;
  for (const pugi::xml_node& child : parent.children()) {
    if (local_xml_name(child) != "file") continue;
    files.push_back(child);
    if (!wanted.empty() && child.attribute("name").value() == wanted) named.push_back(child);
  }
  if (named.size() == 1) return named.front();
  if (files.size() == 1) return files.front();
  if (files.empty()) return fail(Code::failed_precondition, "it has no file");
  const std::string count = std::to_string(files.size());
  if (named.size() > 1) {
    return fail(Code::failed_precondition, "it has " + std::to_string(named.size()) +
                                               " files of the name " +
                                               text_of_xml(std::string(wanted).c_str()));
  }
  if (wanted.empty()) {
    return fail(Code::failed_precondition,
                "it has " + count + " files; say with name which one is meant");
  }
  return fail(Code::failed_precondition, "it has " + count + " files, and none of the name " +
                                             text_of_xml(std::string(wanted).c_str()));
}

struct RankedUrl {
  std::int64_t rank;  // less is better
  std::string url;
};

std::int64_t rank_of(const pugi::xml_node& url) {
  const auto priority = whole_number_in(url.attribute("priority").value());
  if (priority) return std::clamp<std::int64_t>(*priority, 1, kPriorityLast);
  const auto preference = whole_number_in(url.attribute("preference").value());
  if (preference) return kPreferenceMax - std::min(*preference, kPreferenceMax) + 1;
  return kPriorityLast;
}

std::vector<std::string> urls_in(const pugi::xml_node& parent) {
  std::vector<RankedUrl> ranked;
  for (const pugi::xml_node& child : parent.children()) {
    if (local_xml_name(child) != "url") continue;
    // A torrent's file may be at an http URL, but it is not what is wanted.
    if (std::string_view(child.attribute("type").value()) == "bittorrent") continue;
    std::string url(without_blanks(child.child_value()));
    if (is_http_url(url)) ranked.push_back({rank_of(child), std::move(url)});
  }
  std::ranges::stable_sort(ranked, {}, &RankedUrl::rank);
  std::vector<std::string> urls;
  for (RankedUrl& each : ranked) {
    if (urls.size() == kMetalinkMirrorsMax) break;
    if (std::ranges::find(urls, each.url) == urls.end()) urls.push_back(std::move(each.url));
  }
  return urls;
}

/// Of the whole file: those of its pieces stand deeper.
Status read_digests(const pugi::xml_node& parent, std::string& sha256) {
  for (const pugi::xml_node& child : parent.children()) {
    const std::string_view type = child.attribute("type").value();
    const bool is_sha256 =
        local_xml_name(child) == "hash" && (type == "sha-256" || type == "sha256");
    if (!is_sha256) continue;
    auto digest = read_sha256(without_blanks(child.child_value()));
    if (!digest) return fail(Code::failed_precondition, "its SHA-256: " + digest.error().message);
    if (!sha256.empty() && sha256 != *digest) {
      return fail(Code::failed_precondition, "it says two different digests of one file");
    }
    sha256 = std::move(*digest);
  }
  return {};
}

}  // namespace

Result<MetalinkFile> read_metalink(std::string_view xml, std::string_view wanted) {
  pugi::xml_document document;
  if (Status read = load_foreign_xml(xml, "metalink", document); !read) return fail(read.error());
  const pugi::xml_node root = document.document_element();
  if (local_xml_name(root) != "metalink") {
    return refused("it is no metalink: its first element is <" +
                   text_of_xml(root.name()).substr(0, 100) + ">, not <metalink>");
  }
  // Version 3 has a level more.
  const pugi::xml_node files = child_named(root, "files");
  const bool is_old = !files.empty();
  const auto node = choose_file(is_old ? files : root, wanted);
  if (!node) return fail(node.error());
  MetalinkFile file{.name = name_of_file(*node), .urls = {}, .sha256 = {}};
  if (file.name.find('/') != file.name.npos) {
    return refused("its file's name " + file.name + " has a path");
  }
  if (const Status fits = check_artifact_name(file.name); !fits) {
    return refused("its file's name: " + fits.error().message);
  }
  if (const pugi::xml_node size = child_named(*node, "size"); !size.empty()) {
    const auto number = whole_number_in(without_blanks(size.child_value()));
    if (!number) return refused("it says a size that is no number of bytes");
    file.size_bytes = *number;
  }
  file.urls = urls_in(is_old ? child_named(*node, "resources") : *node);
  const pugi::xml_node digests = is_old ? child_named(*node, "verification") : *node;
  if (Status right = read_digests(digests, file.sha256); !right) return fail(right.error());
  return file;
}

}  // namespace waybill
