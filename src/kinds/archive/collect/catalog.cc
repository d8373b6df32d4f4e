#include "kinds/archive/collect/catalog.h"

#include <algorithm>
#include <boost/json.hpp>
#include <unordered_set>

#include "base/json.h"
#include "kinds/archive/collect/common.h"

namespace waybill {
namespace {

namespace bj = boost::json;

/// Texts in their order, each once.
struct Urls {
  std::vector<std::string> in_order;
  std::unordered_set<std::string> known{};
};

void add_url(std::string_view text, Urls& urls) {
  constexpr std::string_view kBlanks = " \t\r\n";
  text.remove_prefix(std::min(text.find_first_not_of(kBlanks), text.size()));
  text = text.substr(0, text.find_last_not_of(kBlanks) + 1);
  if (text.empty() || !urls.known.emplace(text).second) return;
  urls.in_order.emplace_back(text);
}

/// A text, or texts in a list.
void add_urls(const bj::value* value, Urls& urls) {
  if (value == nullptr) return;
  if (value->is_string()) add_url(std::string(value->get_string()), urls);
  if (!value->is_array()) return;
  for (const bj::value& each : value->get_array()) {
    if (each.is_string()) add_url(std::string(each.get_string()), urls);
  }
}

void add_distribution(const bj::value& value, Urls& urls) {
  if (!value.is_object()) return;
  const bj::object& fields = value.get_object();
  const std::size_t before = urls.in_order.size();
  const auto* download = fields.if_contains("downloadURL");
  add_urls(download, urls);
  const bool has_none =
      urls.in_order.size() == before && (download == nullptr || !download->is_string());
  if (has_none) add_urls(fields.if_contains("accessURL"), urls);
}

std::vector<std::string> distributions_of(const bj::object& dataset) {
  Urls urls;
  const auto* all = dataset.if_contains("distribution");
  if (all == nullptr) return {};
  if (all->is_array()) {
    for (const bj::value& each : all->get_array()) add_distribution(each, urls);
  } else {
    add_distribution(*all, urls);
  }
  return std::move(urls.in_order);
}

void add_dataset(const bj::value& value, Catalog& catalog) {
  if (!value.is_object()) {
    ++catalog.left_out;
    return;
  }
  const bj::object& dataset = value.get_object();
  catalog.datasets.push_back({.title = text_in(dataset, "title"),
                              .json = json::serialize(dataset),
                              .urls = distributions_of(dataset)});
}

}  // namespace

Result<Catalog> read_catalog(std::string_view text) {
  const auto parsed = json::parse(text);
  if (!parsed) {
    return fail(Code::failed_precondition, "error parsing data catalog: " + parsed.error().message);
  }
  const bj::value* all = &*parsed;
  if (parsed->is_object()) all = parsed->get_object().if_contains("dataset");
  if (all == nullptr || !(all->is_array() || all->is_object())) {
    return fail(Code::failed_precondition, "error parsing data catalog: it has no datasets");
  }
  Catalog catalog;
  if (all->is_object()) {
    add_dataset(*all, catalog);
  } else {
    for (const bj::value& each : all->get_array()) add_dataset(each, catalog);
  }
  return catalog;
}

}  // namespace waybill
