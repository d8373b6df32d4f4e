#include "kinds/archive/kiwix/kiwix.h"

#include <algorithm>
#include <boost/json.hpp>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "base/ascii.h"
#include "base/json.h"
#include "core/definition_fields.h"
#include "core/fetch/digest_fields.h"
#include "core/fetch/url_reference.h"
#include "kinds/archive/fetch/text.h"
#include "kinds/archive/fields.h"
#include "kinds/archive/kiwix/catalogue.h"
#include "kinds/archive/kiwix/listing.h"
#include "kinds/archive/kiwix/source_memory.h"
#include "kinds/archive/outcomes.h"
#include "kinds/archive/polite/polite_streams.h"

namespace waybill {
namespace {

namespace bj = boost::json;

constexpr std::string_view kBase = "https://download.kiwix.org/zim/";
constexpr std::size_t kListingBytesMax = std::size_t{16} << 20;
/// As much as a step of a pipeline hands on.
constexpr std::size_t kNewBytesMax = 900'000;
constexpr std::string_view kLatest = "latest";

bool is_project(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return is_letter(c) || is_digit(c) || c == '-' || c == '_';
  });
}

Result<std::string> read_base(const Fields& fields) {
  std::string base = fields.text("base", kBase);
  if (!is_http_url(base)) {
    return fail(Code::invalid_argument, "/base: is no http:// or https:// URL");
  }
  if (!base.ends_with('/')) base += '/';
  return base;
}

struct ResolveOrder {
  std::string base;
  std::string project;
  std::string stem;
  std::string date;  ///< or "latest"
};
Result<ResolveOrder> read_resolve_order(const TaskRequest& request) {
  static const JsonSchema kSchema = embedded_schema(kiwix_resolve_spec_schema());
  const auto object = archive_fields(request, kSchema, kiwix_resolve_spec_schema());
  if (!object) return fail(object.error());
  const Fields fields(*object);
  auto base = read_base(fields);
  if (!base) return fail(base.error());
  ResolveOrder order{.base = std::move(*base),
                     .project = fields.text("project"),
                     .stem = {},
                     .date = fields.text("date", kLatest)};
  if (order.project.empty() && has_no_params(request)) return order;
  if (!is_project(order.project)) {
    return fail(Code::invalid_argument, "/project: as wikipedia, which its listing is called by");
  }
  order.stem =
      order.project + "_" + fields.text("language", "en") + "_" + fields.text("selection", "all");
  if (fields.has("flavour")) order.stem += "_" + fields.text("flavour");
  if (order.date != kLatest && !parse_zim_name("x_" + order.date + ".zim")) {
    return fail(Code::invalid_argument, "/date: is neither latest nor a month as 2026-11");
  }
  return order;
}

struct SourcesOrder {
  std::string base;
  std::string catalog;                 ///< of OPDS, instead of listings; empty: none
  std::vector<std::string> projects;   ///< of a catalogue empty: all
  std::vector<std::string> languages;  ///< empty: all
  std::vector<std::string> known;
  bool remember = false;

  const std::string& listed_at() const { return catalog.empty() ? base : catalog; }
};
std::vector<std::string> texts_of(const Fields& fields, std::string_view name) {
  std::vector<std::string> texts;
  const auto* list = fields.find(name);
  if (list == nullptr) return texts;
  for (const bj::value& each : list->get_array()) texts.emplace_back(each.get_string());
  return texts;
}
Result<SourcesOrder> read_sources_order(const TaskRequest& request) {
  static const JsonSchema kSchema = embedded_schema(kiwix_sources_spec_schema());
  const auto object = archive_fields(request, kSchema, kiwix_sources_spec_schema());
  if (!object) return fail(object.error());
  const Fields fields(*object);
  auto base = read_base(fields);
  if (!base) return fail(base.error());
  SourcesOrder order{.base = std::move(*base),
                     .catalog = fields.text("catalog"),
                     .projects = texts_of(fields, "projects"),
                     .languages = texts_of(fields, "languages"),
                     .known = texts_of(fields, "known"),
                     .remember = fields.flag("remember", false)};
  if (!order.catalog.empty() && !is_http_url(order.catalog)) {
    return fail(Code::invalid_argument, "/catalog: is no http:// or https:// URL");
  }
  if (!order.catalog.empty() && fields.has("base")) {
    return fail(Code::invalid_argument, "/catalog: goes instead of base, not with it");
  }
  if (order.projects.empty() && order.catalog.empty()) order.projects.emplace_back("wikipedia");
  for (const std::string& project : order.projects) {
    if (is_project(project)) continue;
    return fail(Code::invalid_argument, "/projects: \"" + project + "\" is no name of one");
  }
  return order;
}

Deadline asking_until(const TaskContext& context) {
  return {.at = context.deadline(), .stop = context.stop()};
}

Result<std::vector<ZimName>> listing_of(const std::string& url, ArchiveDesk& desk,
                                        TaskContext& context) {
  PoliteStreams web(desk, {});
  const auto html = fetch_text({.url = url, .what = "the listing", .bytes_max = kListingBytesMax},
                               web, desk.clock, asking_until(context));
  if (!html) return fail(html.error());
  return zims_in_listing(*html);
}

/// By the file beside it; `not_found` where there is none.
Result<std::string> digest_of(const std::string& url, const std::string& file, ArchiveDesk& desk,
                              TaskContext& context) {
  PoliteStreams web(desk, {});
  const auto text = fetch_text({.url = url + ".sha256", .what = "its file of digests"}, web,
                               desk.clock, asking_until(context));
  if (!text) return fail(text.error());
  auto digest = sha256_in_sums(*text, file);
  if (!digest) return fail(with_context(digest.error(), shown_url(url + ".sha256")));
  return digest;
}

/// A file, and where it is.
struct ListedZim {
  ZimName zim;
  std::string url;
  std::int64_t size_bytes = -1;  ///< -1: not said
};

Result<bj::object> source_json(const ListedZim& listed, ArchiveDesk& desk, TaskContext& context) {
  const auto digest = digest_of(listed.url, listed.zim.file, desk, context);
  if (!digest) return fail(digest.error());
  bj::object source{{"name", json::text(listed.zim.file)},
                    {"title", json::text(listed.zim.stem)},
                    {"date", json::text(listed.zim.date)},
                    {"url", json::text(listed.url)},
                    {"sha256", json::text(*digest)}};
  if (listed.size_bytes >= 0) source["size_bytes"] = listed.size_bytes;
  return source;
}

bool is_in_languages(const ZimName& zim, const std::vector<std::string>& languages) {
  if (languages.empty()) return true;
  const auto first = zim.stem.find('_');
  if (first == zim.stem.npos) return false;
  const std::string language =
      zim.stem.substr(first + 1, zim.stem.find('_', first + 1) - first - 1);
  return std::ranges::find(languages, language) != languages.end();
}

void tell_step(TaskContext& context, int step, double percent, std::string_view status) {
  context.progress(json::serialize(bj::object{
      {"percent", percent}, {"step", step}, {"steps", 2}, {"status", json::text(status)}}));
}

bool is_in_projects(const ZimName& zim, const std::vector<std::string>& projects) {
  return projects.empty() || std::ranges::any_of(projects, [&](const std::string& project) {
           return zim.stem.starts_with(project + "_");
         });
}

/// Of each sort the newest that is wanted, in the order of their names.
Result<std::vector<ListedZim>> newest_listed(const SourcesOrder& order, ArchiveDesk& desk,
                                             TaskContext& context) {
  std::map<std::string, ListedZim> newest;
  const auto take = [&](ListedZim listed) {
    if (!is_in_languages(listed.zim, order.languages)) return;
    ListedZim& known = newest[listed.zim.stem];
    if (known.zim.date < listed.zim.date) known = std::move(listed);
  };
  if (!order.catalog.empty()) {
    auto entries = entries_of_catalogue(order.catalog, desk, context);
    if (!entries) return fail(entries.error());
    for (OpdsEntry& entry : *entries) {
      if (!is_in_projects(entry.zim, order.projects)) continue;
      auto url = resolve_http_url(order.catalog, entry.url);
      if (!url) {
        context.log(LogStream::system, "[left out: " + url.error().message + "]\n");
        continue;
      }
      take({std::move(entry.zim), std::move(*url), entry.size_bytes});
    }
  } else {
    for (const std::string& project : order.projects) {
      const std::string folder = order.base + project + "/";
      auto zims = listing_of(folder, desk, context);
      if (!zims) return fail(zims.error());
      for (ZimName& zim : *zims) {
        std::string url = folder + zim.file;
        take({.zim = std::move(zim), .url = std::move(url)});
      }
    }
  }
  std::vector<ListedZim> all;
  for (auto& [stem, listed] : newest) all.push_back(std::move(listed));
  return all;
}

/// Where what was told is remembered; none: nowhere.
Result<std::optional<SourceMemory>> open_memory(const SourcesOrder& order, const Task& task,
                                                ArchiveDesk& desk) {
  if (!order.remember) return std::optional<SourceMemory>();
  if (desk.collections == nullptr) {
    return fail(Code::unavailable,
                "this worker keeps no collections, which /remember needs: another one may");
  }
  auto memory = SourceMemory::open(*desk.collections, task, order.listed_at(), desk.clock.now());
  if (!memory) return fail(memory.error());
  return std::optional<SourceMemory>(std::move(*memory));
}

}  // namespace

Status KiwixResolveKind::check(const TaskRequest& request) const {
  const auto order = read_resolve_order(request);
  return order ? Status() : Status(fail(order.error()));
}

Outcome KiwixResolveKind::run(const Task& task, TaskContext& context) {
  const auto order = read_resolve_order(task.request);
  if (!order) return outcome_of(order.error());
  if (order->project.empty()) {
    return outcome_of({Code::invalid_argument, "/project: which one is not said"});
  }
  if (desk_ == nullptr) return outcome_of({Code::failed_precondition, "nothing is fetched here"});
  const std::string folder = order->base + order->project + "/";
  auto zims = listing_of(folder, *desk_, context);
  if (!zims) return outcome_of(zims.error());
  std::erase_if(*zims, [&](const ZimName& zim) {
    return zim.stem != order->stem || (order->date != kLatest && zim.date != order->date);
  });
  const auto newest = newest_of(std::move(*zims));
  if (newest.empty()) {
    return outcome_of({Code::not_found, shown_url(folder) + " lists no " + order->stem + "_" +
                                            (order->date == kLatest ? "YYYY-MM" : order->date) +
                                            ".zim"});
  }
  const auto source =
      source_json({.zim = newest.front(), .url = folder + newest.front().file}, *desk_, context);
  if (!source) return outcome_of(source.error());
  return outcome::Succeeded{.result = json::serialize(*source)};
}

Status KiwixUpdateSourcesKind::check(const TaskRequest& request) const {
  const auto order = read_sources_order(request);
  return order ? Status() : Status(fail(order.error()));
}

Outcome KiwixUpdateSourcesKind::run(const Task& task, TaskContext& context) {
  const auto order = read_sources_order(task.request);
  if (!order) return outcome_of(order.error());
  if (desk_ == nullptr) return outcome_of({Code::failed_precondition, "nothing is fetched here"});
  tell_step(context, 1, 0.0, "fetching zims list");
  auto memory = open_memory(*order, task, *desk_);
  if (!memory) return outcome_of(memory.error());
  const auto listed = newest_listed(*order, *desk_, context);
  if (!listed) return outcome_of(with_context(listed.error(), "Error fetching zims"));
  tell_step(context, 2, 0.5, "updating sources");
  bj::array sources;
  std::vector<CollectionItem> told;
  std::size_t bytes = 0;
  bool is_more = false;
  for (const ListedZim& each : *listed) {
    const bool is_known = std::ranges::find(order->known, each.url) != order->known.end() ||
                          (*memory && (*memory)->is_known(each.url));
    if (is_known) continue;
    auto source = source_json(each, *desk_, context);
    if (!source && source.error().code == Code::not_found) {
      context.log(LogStream::system, "[left out: " + source.error().message + "]\n");
      continue;
    }
    if (!source) return outcome_of(source.error());
    // Larger results reach no later step: what is left out is new the next time.
    bytes += json::serialize(*source).size() + 1;
    is_more = bytes > kNewBytesMax;
    if (is_more) break;
    sources.push_back(std::move(*source));
    told.push_back({.url = each.url, .title = each.zim.stem});
  }
  if (*memory) {
    if (Status kept = (*memory)->remember(told); !kept) return outcome_of(kept.error());
  }
  tell_step(context, 2, 1.0, "updating sources");
  bj::object result{{"listed", listed->size()}, {"new", std::move(sources)}};
  if (is_more) result.emplace("more", true);
  return outcome::Succeeded{.result = json::serialize(result)};
}

}  // namespace waybill
