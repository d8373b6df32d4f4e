#include "services/publish_listing.h"

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/log.h"
#include "base/mutex.h"
#include "services/listing_end.h"
#include "services/parallel.h"

namespace waybill {
namespace {

class Lister {
 public:
  Lister(prio::PrioPlanner& planner, const PublishPorts& ports, const PublishOptions& options,
         PublishReport& report)
      : planner_(planner), ports_(ports), options_(options), report_(report) {}

  Status run();

 private:
  ObjectStore& bucket(std::string_view source) const {
    return source == "ingestion" ? ports_.ingestion : source == "own" ? ports_.own : ports_.peer;
  }
  Status list(const ScanListing& listing) EXCLUDES(mutex_);
  void take(const ScanListing& listing, const ListPage& page) REQUIRES(mutex_);
  void note_failure(const ScanListing& listing, const Error& error) EXCLUDES(mutex_);
  Status check_the_rest();

  prio::PrioPlanner& planner_;
  const PublishPorts& ports_;
  const PublishOptions& options_;
  Mutex mutex_;  // of planner_ and report_, while threads list
  PublishReport& report_;
  std::set<std::string, std::less<>> asked_;  // sources
};

Status Lister::run() {
  std::vector<ScanListing> listings = planner_.listings();
  asked_.insert("ingestion");
  for (const ScanListing& ids : listings) {
    if (Status listed = list(ids); !listed) {
      return fail(
          with_context(listed.error(), "unable to discover aggregation IDs from ingestion bucket"));
    }
  }
  for (listings = planner_.listings(); !listings.empty(); listings = planner_.listings()) {
    for (const ScanListing& listing : listings) asked_.insert(listing.source);
    in_parallel(listings.size(), options_.list_workers, [&](std::size_t i) {
      const Status listed = list(listings[i]);
      if (!listed) note_failure(listings[i], listed.error());
    });
    if (options_.stop.stop_requested()) return fail(Code::cancelled, "asked to stop");
  }
  return check_the_rest();
}

Status Lister::list(const ScanListing& listing) {
  ObjectStore& store = bucket(listing.source);
  ListParams params{.prefix = listing.prefix,
                    .start_after = listing.start_after,
                    .end_before = listing.end_before,
                    .delimiter = listing.delimiter,
                    .token = {},
                    .detail = listing.wants_times ? ListDetail::full : ListDetail::keys_only};
  ListingEnd end;
  do {
    if (options_.stop.stop_requested()) return fail(Code::cancelled, "asked to stop");
    log::debug("listing", "listing files in " + store.url(), {{"prefix", params.prefix}});
    Result<ListPage> page = store.list(params);
    const Lock lock(mutex_);
    ++report_.tally.list_calls;
    if (!page) return fail(with_context(page.error(), "listing " + store.url()));
    take(listing, *page);
    auto token = end.next(std::move(page->next_token));
    if (!token) return fail(with_context(token.error(), "listing " + store.url()));
    params.token = *std::move(token);
  } while (!params.token.empty());
  return {};
}

void Lister::take(const ScanListing& listing, const ListPage& page) {
  const SteadyTime began = ports_.clock.steady_now();
  for (const ObjectInfo& object : page.objects) {
    planner_.object(listing, object.key, object.modified_at);
  }
  for (const std::string& prefix : page.prefixes) planner_.prefix(listing, prefix);
  report_.took[static_cast<int>(PublishPhase::plan)] += ports_.clock.steady_now() - began;
  report_.tally.objects_listed += static_cast<std::int64_t>(page.objects.size());
  if (options_.progress) options_.progress(PublishPhase::list, report_.tally.objects_listed, 0);
}

void Lister::note_failure(const ScanListing& listing, const Error& error) {
  const Lock lock(mutex_);
  planner_.failed(listing);
  if (error.code == Code::cancelled) return;
  report_.list_errors.push_back(error.message);
  log::error("list_failed",
             "Failed to schedule aggregation tasks: a bucket could not be listed; what depends on "
             "it is left to the next run",
             {{"error", error.message}, {"prefix", listing.prefix}});
}

Status Lister::check_the_rest() {
  // A bucket that this plan did not look at, because there is no aggregation id yet, must be there
  // too: a missing one is told of now and not when the first batch comes.
  for (const std::string_view source : {"own", "peer"}) {
    if (asked_.contains(source)) continue;
    const ScanListing nothing{.source = std::string(source),
                              .prefix = std::string(kMarkerPrefix) + "none/",
                              .start_after = {},
                              .end_before = {},
                              .delimiter = {}};
    if (Status listed = list(nothing); !listed) return listed;
  }
  return {};
}

}  // namespace

Status list_for(prio::PrioPlanner& planner, const PublishPorts& ports,
                const PublishOptions& options, PublishReport& report) {
  return Lister(planner, ports, options, report).run();
}

}  // namespace waybill
