#include "kinds/archive/collect/pod.h"

#include <algorithm>
#include <boost/json.hpp>
#include <map>
#include <optional>

#include "core/definition_fields.h"
#include "core/fetch/url_reference.h"
#include "kinds/archive/collect/archive_order.h"
#include "kinds/archive/collect/catalog.h"
#include "kinds/archive/fetch/text.h"
#include "kinds/archive/fields.h"
#include "kinds/archive/outcomes.h"
#include "kinds/archive/polite/polite_streams.h"

namespace waybill {
namespace {

constexpr std::size_t kCatalogBytesMax = std::size_t{128} << 20;
constexpr double kDelaySeconds = 0.5;
constexpr std::size_t kItemsAtOnce = 500;

struct PodOrder {
  std::string url;  ///< empty: not said yet
  std::string title;
  std::size_t limit = 0;  ///< 0: all
  std::size_t offset = 0;
  ArchiveTerms terms;
};
Result<PodOrder> read_pod_order(const TaskRequest& request) {
  static const JsonSchema kSchema = embedded_schema(catalog_pod_spec_schema());
  const auto object = archive_fields(request, kSchema, catalog_pod_spec_schema());
  if (!object) return fail(object.error());
  const Fields fields(*object);
  auto terms = read_archive_terms(*object, request);
  if (!terms) return fail(terms.error());
  if (!fields.has("crawlDelay")) {
    terms->delay = std::chrono::duration_cast<Duration>(
        std::chrono::duration<double>(fields.number("crawDelay", kDelaySeconds)));
  }
  PodOrder order{.url = fields.text("url"),
                 .title = fields.text("collectionTitle"),
                 .limit = static_cast<std::size_t>(fields.integer("limit", 0)),
                 .offset = static_cast<std::size_t>(fields.integer("offset", 0)),
                 .terms = std::move(*terms)};
  if (order.url.empty()) {
    if (has_no_params(request)) return order;
    return fail(Code::invalid_argument, "url is required");
  }
  if (!is_http_url(order.url)) {
    return fail(Code::invalid_argument, "/url: is no http:// or https:// URL, percent-encoded");
  }
  return order;
}

/// The datasets that are asked for.
Result<Catalog> fetch_catalog(const PodOrder& order, ArchiveDesk& desk, const Deadline& deadline) {
  PoliteStreams web(desk, {});
  auto bytes =
      fetch_text({.url = order.url, .what = "the catalogue", .bytes_max = kCatalogBytesMax}, web,
                 desk.clock, deadline);
  if (!bytes) return fail(bytes.error());
  const auto text = text_of_document(std::move(*bytes), "the catalogue");
  if (!text) return fail(text.error());
  auto catalog = read_catalog(*text);
  if (!catalog) return catalog;
  auto& datasets = catalog->datasets;
  if (order.offset > datasets.size()) {
    return fail(Code::invalid_argument, "offset of " + std::to_string(order.offset) +
                                            " greater than " + std::to_string(datasets.size()) +
                                            " datasets");
  }
  datasets.erase(datasets.begin(), datasets.begin() + static_cast<std::ptrdiff_t>(order.offset));
  if (order.limit > 0 && order.limit < datasets.size()) datasets.resize(order.limit);
  return catalog;
}

/// The distributions, each once, with the datasets that have it.
struct Distributions {
  std::vector<CollectionItem> items;
  std::map<std::string, std::vector<std::size_t>, std::less<>> datasets;
  std::int64_t left_out = 0;
};
Distributions distributions_in(const Catalog& catalog, TaskContext& context) {
  Distributions all{.items = {}, .datasets = {}, .left_out = catalog.left_out};
  for (std::size_t i = 0; i < catalog.datasets.size(); ++i) {
    const CatalogDataset& dataset = catalog.datasets[i];
    for (const std::string& url : dataset.urls) {
      CollectionItem item{.url = url, .title = dataset.title};
      if (const Status fits = check_item(item); !fits) {
        context.log(LogStream::system, "[left out: " + fits.error().message + "]\n");
        ++all.left_out;
        continue;
      }
      auto& of_url = all.datasets[url];
      if (of_url.empty()) all.items.push_back(std::move(item));
      of_url.push_back(i);
    }
  }
  return all;
}

Status add_all(CollectionStore& store, const Uuid& id, std::span<const CollectionItem> items) {
  for (std::size_t i = 0; i < items.size(); i += kItemsAtOnce) {
    const auto added =
        store.add_items(id, items.subspan(i, std::min(kItemsAtOnce, items.size() - i)));
    if (!added) return fail(added.error());
  }
  return {};
}

/// What datasets say, as far as metadata may be that large.
std::vector<std::string> metadata_in(const Catalog& catalog, std::span<const std::size_t> which) {
  std::vector<std::string> said;
  for (const std::size_t i : which) {
    const std::string& json = catalog.datasets[i].json;
    if (json.size() <= kMetadataBytesMax) said.push_back(json);
  }
  return said;
}

}  // namespace

Status PodCatalogKind::check(const TaskRequest& request) const {
  const auto order = read_pod_order(request);
  return order ? Status() : Status(fail(order.error()));
}

Outcome PodCatalogKind::run(const Task& task, TaskContext& context) {
  auto order = read_pod_order(task.request);
  if (!order) return outcome_of(order.error());
  if (order->url.empty()) return outcome_of({Code::invalid_argument, "url is required"});
  if (Status can = can_archive(desk_); !can) return outcome_of(can.error());
  CollectionStore& store = *desk_->collections;
  StepTeller steps(context, 4);
  steps.at(1, 0.0, "loading collection");
  const auto put = store.put({.id = task.id(),
                              .url = order->url,
                              .title = order->title,
                              .created_at = desk_->clock.now()});
  if (!put) return outcome_of(put.error(), "Error saving collection");
  const Uuid id = put->collection.id;
  const auto catalog =
      fetch_catalog(*order, *desk_, {.at = context.deadline(), .stop = context.stop()});
  if (!catalog) return outcome_of(catalog.error());
  const std::size_t count = catalog->datasets.size();
  const auto all = distributions_in(*catalog, context);
  steps.at(2, 0.0,
           "archiving items " + std::to_string(order->offset) + "/" +
               std::to_string(order->offset + count) + " of " + std::to_string(count) + " items");
  if (Status added = add_all(store, id, all.items); !added) return outcome_of(added.error());
  ArchiveTerms& terms = order->terms;
  terms.collection = id;
  terms.total = static_cast<std::int64_t>(all.items.size());
  terms.status = [](std::int64_t number) { return "archiving item " + std::to_string(number); };
  terms.chosen = [&](const std::string& url) -> std::optional<std::vector<std::string>> {
    const auto found = all.datasets.find(url);
    if (found == all.datasets.end()) return std::nullopt;
    return metadata_in(*catalog, found->second);
  };
  Archiver archiver({.desk = *desk_, .task = task, .context = context, .steps = steps},
                    std::move(terms));
  const auto tally = archiver.run();
  if (!tally) return outcome_of(tally.error());
  steps.at(3, 1.0, "writing index to IPFS");
  const auto index = archiver.write_index();
  if (!index) return outcome_of(index.error(), "writing the index");
  steps.at(4, 1.0, "saving collection results");
  steps.done("saving collection results");
  return archived_outcome(id, *index, *tally, all.left_out);
}

}  // namespace waybill
