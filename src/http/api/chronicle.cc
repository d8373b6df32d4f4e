// What scans found and would do, what definitions said, and what the disks hold.

#include <boost/json.hpp>
#include <charconv>
#include <map>

#include "base/json.h"
#include "core/definition_json.h"
#include "core/suggest.h"
#include "core/task_json.h"
#include "http/api/routes.h"
#include "ports/chronicle.h"
#include "services/disk_use.h"
#include "services/scan_json.h"

namespace waybill::http {
namespace {

namespace bj = boost::json;

tl::unexpected<Problem> no_scan(const ApiParts& parts, const std::string& name) {
  const auto now = parts.definitions();
  std::vector<std::string> known;
  for (const auto& [scan, definition] : now->scans) known.push_back(scan);
  return refuse(Error{.code = Code::not_found,
                      .message = "there is no scan \"" + name + "\"" + did_you_mean(name, known)});
}

bool is_defined(const ApiParts& parts, const std::string& scan) {
  return parts.definitions()->scans.contains(scan);
}

bj::object scan_view(const std::string& name, const ScanDefinition* scan) {
  bj::object view{{"name", name}, {"defined", scan != nullptr}};
  view["planner"] = nullptr;
  view["every"] = nullptr;
  if (scan != nullptr) {
    view["planner"] = std::holds_alternative<PrioScan>(scan->planner) ? "prio" : "batches";
    view["every"] = format_duration(scan->every);
  }
  view["latest"] = nullptr;
  return view;
}

Answer<Reply> list_scans(const ApiParts& parts, const Call&) {
  std::map<std::string, bj::object> views;
  const auto now = parts.definitions();
  for (const auto& [name, scan] : now->scans) views.emplace(name, scan_view(name, &scan));
  const auto latest = parts.chronicle->latest_passes();
  if (!latest) return refuse(latest.error());
  for (const ScanPass& pass : *latest) {
    auto told = scan_pass_to_json(pass, false);
    if (!told) return refuse(told.error());
    const auto [view, is_new] = views.try_emplace(pass.scan, scan_view(pass.scan, nullptr));
    view->second["latest"] = std::move(*told);
  }
  bj::array scans;
  for (auto& [name, view] : views) scans.push_back(std::move(view));
  return json_response(bj::object{{"scans", std::move(scans)}});
}

Answer<Reply> list_passes(const ApiParts& parts, const Call& call) {
  const std::string& scan = call.at("name");
  const auto page =
      parts.chronicle->passes({.scan = scan,
                               .before = call.query.integer("before", INT64_MAX),
                               .limit = static_cast<std::size_t>(call.query.integer("limit"))});
  if (!page) return refuse(page.error());
  if (page->empty() && !call.query.has("before") && !is_defined(parts, scan)) {
    return no_scan(parts, scan);
  }
  bj::array passes;
  for (const ScanPass& pass : *page) {
    auto told = scan_pass_to_json(pass, false);
    if (!told) return refuse(told.error());
    passes.push_back(std::move(*told));
  }
  return json_response(bj::object{{"passes", std::move(passes)}});
}

Answer<Reply> get_pass(const ApiParts& parts, const Call& call) {
  const std::string& text = call.at("number");
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) {
    return refuse(Error{.code = Code::not_found,
                        .message = "a pass is named by its number, as a list of passes has it"});
  }
  const auto pass = parts.chronicle->pass(call.at("name"), number);
  if (!pass) return refuse(pass.error());
  const auto told = scan_pass_to_json(*pass, true);
  if (!told) return refuse(told.error());
  return json_response(*told);
}

/// What a pass would do now. Writes nothing.
Answer<Reply> plan_scan(const ApiParts& parts, const Call& call) {
  const auto now = parts.definitions();
  const auto scan = now->scans.find(call.at("name"));
  if (scan == now->scans.end()) return no_scan(parts, call.at("name"));
  if (!parts.plan_scan) {
    return refuse(Error{.code = Code::unimplemented, .message = "this server makes no plans"});
  }
  const Result<ScanReport> report = parts.plan_scan(scan->second, *now);
  if (!report) {
    Error error = with_context(report.error(), "the dry run of " + scan->first);
    // What a bucket refuses this server no other token or name of the caller's mends.
    if (error.code != Code::unavailable) error.code = Code::failed_precondition;
    return refuse(error);
  }
  const ScanPass pass = scan_pass_of(scan->first, report, parts.clock.now());
  const auto told = scan_pass_to_json(pass, true);
  if (!told) return refuse(told.error());
  return json_response(bj::object{{"report", told->at("report")}});
}

bj::object version_to_json(const DefinitionVersion& version) {
  const bool in_git = !version.repository.empty();
  return {{"number", version.number},
          {"since", time_to_json(version.since)},
          {"source",
           {{"repository", in_git ? bj::value(json::text(version.repository)) : nullptr},
            {"commit", in_git ? bj::value(json::text(version.commit)) : nullptr},
            {"file", json::text(version.file)},
            {"line", version.line}}},
          {"definition", text_to_json(version.definition)}};
}

/// A definition may be megabytes: read few at a time, and no more of them than one answer may have.
Result<std::vector<DefinitionVersion>> page_of_versions(Chronicle& chronicle, VersionQuery query) {
  constexpr std::size_t kPiece = 4;
  std::vector<DefinitionVersion> all;
  std::size_t bytes = 0;
  while (all.size() < query.limit && bytes < kPageBytesMax) {
    VersionQuery piece = query;
    piece.limit = std::min(kPiece, query.limit - all.size());
    auto read = chronicle.versions(piece);
    if (!read) return fail(read.error());
    if (read->empty()) break;
    query.before = read->back().number;
    for (DefinitionVersion& version : *read) {
      bytes += version.definition.size();
      all.push_back(std::move(version));
    }
  }
  return all;
}

Answer<Reply> list_versions(const ApiParts& parts, const Call& call, const std::string& map) {
  const std::string& name = call.at("name");
  const auto page = page_of_versions(
      *parts.chronicle, {.map = map,
                         .name = name,
                         .before = call.query.integer("before", INT64_MAX),
                         .limit = static_cast<std::size_t>(call.query.integer("limit"))});
  if (!page) return refuse(page.error());
  if (page->empty() && !call.query.has("before")) {
    const auto now = parts.definitions();
    if (now->place_of(map, name) == nullptr) {
      return refuse(Error{.code = Code::not_found,
                          .message = "no definition \"" + name + "\" of " + map +
                                     " is there, or was since versions are kept"});
    }
  }
  bj::array versions;
  for (const DefinitionVersion& version : *page) versions.push_back(version_to_json(version));
  return json_response(bj::object{{"versions", std::move(versions)}});
}

Answer<Reply> get_disks(const ApiParts& parts, const Call&) {
  if (!parts.disk_use) {
    return refuse(Error{.code = Code::unimplemented, .message = "this server has no disk"});
  }
  const auto use = parts.disk_use();
  if (!use) return refuse(use.error());
  return json_response(disk_use_to_json(*use));
}

}  // namespace

void add_chronicle_handlers(const ApiParts& parts, Handlers& handlers) {
  using Serve = std::function<Answer<Reply>(const ApiParts&, const Call&)>;
  const auto add = [&](const char* operation, const Serve& serve) {
    handlers[operation] = [&parts, serve](const Call& call) -> Answer<Reply> {
      if (parts.chronicle == nullptr) {
        return refuse(
            Error{.code = Code::unimplemented, .message = "this server keeps no chronicle"});
      }
      return serve(parts, call);
    };
  };
  add("listScans", list_scans);
  add("listScanPasses", list_passes);
  add("getScanPass", get_pass);
  add("listDefinitionVersions",
      [](const ApiParts& of, const Call& call) { return list_versions(of, call, "tasks"); });
  add("listPipelineVersions",
      [](const ApiParts& of, const Call& call) { return list_versions(of, call, "pipelines"); });
  handlers["planScan"] = [&parts](const Call& call) { return plan_scan(parts, call); };
  handlers["getDisks"] = [&parts](const Call& call) { return get_disks(parts, call); };
}

}  // namespace waybill::http
