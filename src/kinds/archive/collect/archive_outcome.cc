#include <boost/json.hpp>

#include "base/json.h"
#include "base/utf8.h"
#include "core/fetch/url_reference.h"
#include "kinds/archive/collect/archiver.h"

namespace waybill {

Outcome archived_outcome(const Uuid& collection, const std::string& index_cid,
                         const ArchiveTally& tally, std::int64_t left_out) {
  if (tally.pending > 0) {
    const auto& [url, why] = tally.pending_first.value();
    return outcome::Failed{.failure_class = FailureClass::transient,
                           .error = std::to_string(tally.pending) +
                                    " of the collection's URLs could not be had yet, " +
                                    shown_url(url) + ": " + why,
                           .retry_after = tally.wait.value_or(Duration(0))};
  }
  boost::json::array failures;
  for (const auto& [url, why] : tally.failures) {
    failures.push_back(
        boost::json::object{{"url", json::text(url)}, {"error", json::text(escape_utf8(why))}});
  }
  return outcome::Succeeded{
      .result = json::serialize(boost::json::object{{"collection", to_string(collection)},
                                                    {"index_cid", json::text(index_cid)},
                                                    {"archived", tally.archived},
                                                    {"known", tally.known},
                                                    {"failed", tally.refused},
                                                    {"left_out", left_out},
                                                    {"failures", std::move(failures)}})};
}

Result<std::int64_t> count_items(CollectionStore& store, const Uuid& id) {
  constexpr std::size_t kMany = 1000;
  std::int64_t count = 0;
  for (std::int64_t after = 0;;) {
    const auto page = store.items({.collection = id, .after = after, .limit = kMany});
    if (!page) return fail(page.error());
    if (page->empty()) return count;
    after = page->back().position;
    count += static_cast<std::int64_t>(page->size());
  }
}

}  // namespace waybill
