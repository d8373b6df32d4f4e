#include "kinds/archive/collect/gist.h"

#include <algorithm>
#include <boost/json.hpp>
#include <utility>
#include <vector>

#include "base/ascii.h"
#include "base/json.h"
#include "base/utf8.h"
#include "core/definition_fields.h"
#include "core/fetch/url_reference.h"
#include "kinds/archive/collect/common.h"
#include "kinds/archive/fetch/text.h"
#include "kinds/archive/fields.h"
#include "kinds/archive/outcomes.h"
#include "kinds/archive/polite/polite_streams.h"

namespace waybill {
namespace {

namespace bj = boost::json;

constexpr std::string_view kApi = "https://api.github.com";
constexpr std::size_t kGistBytesMax = std::size_t{64} << 20;
constexpr std::string_view kBlanks = " \t\r\n";

struct GistOrder {
  std::string id;  ///< empty: not said yet
  std::string creator;
  std::string api;
};
Result<GistOrder> read_gist_order(const TaskRequest& request) {
  static const JsonSchema kSchema = embedded_schema(collection_gist_spec_schema());
  const auto object = archive_fields(request, kSchema, collection_gist_spec_schema());
  if (!object) return fail(object.error());
  const Fields fields(*object);
  GistOrder order{.id = {}, .creator = fields.text("creatorId"), .api = fields.text("api", kApi)};
  while (order.api.ends_with('/')) order.api.pop_back();
  if (!is_http_url(order.api)) {
    return fail(Code::invalid_argument, "/api: is no http:// or https:// URL");
  }
  const std::string said = fields.text("gistUrl");
  if (said.empty()) {
    if (has_no_params(request)) return order;
    return fail(Code::invalid_argument, "gistUrl is required");
  }
  auto id = gist_id(said);
  if (!id) {
    return fail(Code::invalid_argument,
                "/gistUrl: invalid gist url or id: '" + escape_utf8(said.substr(0, 200)) + "'");
  }
  order.id = std::move(*id);
  return order;
}

/// The file of a gist; `not_found` if it has none of that name. One that the API cuts is fetched
/// whole.
Result<std::string> gist_file(const bj::object& gist, std::string_view name, ArchiveDesk& desk,
                              const Deadline& deadline) {
  const auto* files = gist.if_contains("files");
  const auto* file =
      files != nullptr && files->is_object()
          ? files->get_object().if_contains(bj::string_view(name.data(), name.size()))
          : nullptr;
  if (file == nullptr || !file->is_object()) {
    const auto* cut = gist.if_contains("truncated");
    const bool is_cut = cut != nullptr && cut->is_bool() && cut->get_bool();
    return fail(Code::not_found, "gist doesn't have a " + std::string(name) + " file" +
                                     (is_cut ? " among those that the API lists" : ""));
  }
  const bj::object& fields = file->get_object();
  const auto* cut = fields.if_contains("truncated");
  if (cut == nullptr || !cut->is_bool() || !cut->get_bool()) return text_in(fields, "content");
  const std::string url = text_in(fields, "raw_url");
  if (!is_http_url(url)) {
    return fail(Code::failed_precondition,
                std::string(name) + " is cut, and the API does not say where all of it is");
  }
  PoliteStreams web(desk, {});
  auto whole =
      fetch_text({.url = url, .what = "all of " + std::string(name), .bytes_max = kGistBytesMax},
                 web, desk.clock, deadline);
  if (!whole) return fail(whole.error());
  return text_of_document(std::move(*whole), name);
}

/// The lines that have something; what no collection takes goes to `left_out`.
std::vector<CollectionItem> items_in(std::string_view text, std::vector<std::string>& left_out) {
  std::vector<CollectionItem> items;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    line.remove_prefix(std::min(line.find_first_not_of(kBlanks), line.size()));
    line = line.substr(0, line.find_last_not_of(kBlanks) + 1);
    if (line.empty()) continue;
    CollectionItem item{.url = std::string(line)};
    if (const Status fits = check_item(item); !fits) {
      left_out.push_back(fits.error().message);
    } else {
      items.push_back(std::move(item));
    }
  }
  return items;
}

/// What a gist says of its collection.
Status describe(const bj::object& gist, const Result<std::string>& description,
                Collection& collection) {
  if (!description) {
    if (description.error().code != Code::not_found) return fail(description.error());
    collection.title = text_in(gist, "description");
    return {};
  }
  const auto parsed = json::parse(*description);
  if (!parsed || !parsed->is_object()) {
    return fail(Code::failed_precondition,
                "error unmarshalling gist collection.json: " +
                    (parsed ? std::string("it is no object") : parsed.error().message));
  }
  const bj::object& fields = parsed->get_object();
  collection.title = text_in(fields, "name");
  if (collection.title.empty()) collection.title = text_in(fields, "title");
  collection.description = text_in(fields, "description");
  collection.url = text_in(fields, "url");
  return {};
}

Result<bj::object> fetch_gist(const GistOrder& order, ArchiveDesk& desk, const Deadline& deadline) {
  PoliteStreams web(desk, {});
  const auto text = fetch_text(
      {.url = order.api + "/gists/" + order.id, .what = "the gist", .bytes_max = kGistBytesMax},
      web, desk.clock, deadline);
  if (!text) return fail(text.error());
  auto gist = json::parse(*text);
  if (!gist) return fail(Code::failed_precondition, "the gist: " + gist.error().message);
  if (gist->is_object()) return std::move(gist->get_object());
  return fail(Code::failed_precondition, "the gist: the API answers what is no object");
}

/// Keeps the collection with all its items: its id, and how many are new.
Result<std::pair<Uuid, std::size_t>> keep(const Collection& collection,
                                          std::span<const CollectionItem> items,
                                          CollectionStore& store) {
  constexpr std::size_t kAtOnce = 500;
  const auto put = store.put(collection);
  if (!put) return fail(put.error());
  const Uuid id = put->collection.id;
  std::size_t added = 0;
  for (std::size_t i = 0; i < items.size(); i += kAtOnce) {
    const auto some = store.add_items(id, items.subspan(i, std::min(kAtOnce, items.size() - i)));
    if (!some) return fail(some.error());
    added += *some;
  }
  return std::pair(id, added);
}

}  // namespace

std::optional<std::string> gist_id(std::string_view text) {
  text = text.substr(0, text.find_first_of("?#"));
  while (text.ends_with('/')) text.remove_suffix(1);
  if (text.ends_with(".git")) text.remove_suffix(4);
  const std::string_view last = text.substr(text.rfind('/') + 1);
  const bool fits =
      (last.size() == 20 || last.size() == 32) && std::ranges::all_of(last, [](char c) {
        const char low = to_lower(c);
        return is_digit(c) || (low >= 'a' && low <= 'f');
      });
  if (!fits) return std::nullopt;
  return to_lower(last);
}

Status GistCollectionKind::check(const TaskRequest& request) const {
  const auto order = read_gist_order(request);
  return order ? Status() : Status(fail(order.error()));
}

Outcome GistCollectionKind::run(const Task& task, TaskContext& context) {
  const auto order = read_gist_order(task.request);
  if (!order) return outcome_of(order.error());
  if (order->id.empty()) return outcome_of({Code::invalid_argument, "gistUrl is required"});
  if (desk_ == nullptr || desk_->collections == nullptr) {
    return outcome_of({Code::failed_precondition, "no collections are kept here"});
  }
  StepTeller steps(context, 1);
  steps.at(1, 0.0, "creating collection");
  const Deadline deadline{.at = context.deadline(), .stop = context.stop()};
  const auto gist = fetch_gist(*order, *desk_, deadline);
  if (!gist) return outcome_of(gist.error());
  const auto urls = gist_file(*gist, "urls.txt", *desk_, deadline);
  if (!urls) return outcome_of(urls.error());
  // The task's own id: what an attempt has begun the next one goes on with.
  Collection collection{
      .id = task.id(), .creator = order->creator, .created_at = desk_->clock.now()};
  const Status described =
      describe(*gist, gist_file(*gist, "collection.json", *desk_, deadline), collection);
  if (!described) return outcome_of(described.error());
  if (collection.url.empty()) collection.url = "https://gist.github.com/" + order->id;
  std::vector<std::string> left_out;
  const auto items = items_in(*urls, left_out);
  for (const std::string& why : left_out) {
    context.log(LogStream::system, "[left out: " + why + "]\n");
  }
  const auto kept = keep(collection, items, *desk_->collections);
  if (!kept) return outcome_of(kept.error());
  const std::string id = to_string(kept->first);
  steps.done("created collection: " + id);
  return outcome::Succeeded{.result = json::serialize(bj::object{{"collection", json::text(id)},
                                                                 {"items", items.size()},
                                                                 {"new", kept->second},
                                                                 {"left_out", left_out.size()}})};
}

}  // namespace waybill
