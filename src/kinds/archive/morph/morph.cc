#include "kinds/archive/morph/morph.h"

#include <boost/json.hpp>
#include <utility>

#include "base/json.h"
#include "base/utf8.h"
#include "kinds/archive/collect/archive_order.h"
#include "kinds/archive/fetch/fetch.h"
#include "kinds/archive/morph/ingest.h"
#include "kinds/archive/outcomes.h"

namespace waybill {
namespace {

namespace bj = boost::json;

/// The database as morph.io gives it to who has a key.
Result<TaskDownload> fetch_database(const Task& task, const MorphOrder& order, ArchiveDesk& desk,
                                    TaskContext& context, StepTeller& steps) {
  const auto key = context.secret(order.key_secret);
  if (!key) {
    return fail(with_context(key.error(), "the key of morph.io, secret \"" + order.key_secret +
                                              "\" (waybill secret set)"));
  }
  const FetchOrder fetch{.urls = {order.home + "/data.sqlite"},
                         .sha256 = order.checksum,
                         .headers = {{"X-API-KEY", *key}},
                         .bytes_max = order.terms.bytes_max};
  return download_for(task, fetch, desk, context, [&](std::int64_t done, std::int64_t total) {
    steps.bytes("fetching data.sqlite", done, total);
  });
}

/// The collection that is said, or that of the scraper.
Result<Uuid> collection_for(const Task& task, const MorphOrder& order, ArchiveDesk& desk) {
  if (!order.terms.collection.is_nil()) {
    const auto found = desk.collections->find(order.terms.collection);
    if (!found) return fail(with_context(found.error(), "Error reading collection"));
    return found->id;
  }
  const auto put = desk.collections->put(
      {.id = task.id(), .url = order.home, .title = order.scraper, .created_at = desk.clock.now()});
  if (!put) return fail(with_context(put.error(), "Error saving collection"));
  return put->collection.id;
}

std::string result_of(const Uuid& collection, const MorphTally& tally, const std::string& cid,
                      const std::string& sha256, const std::string& index_cid) {
  bj::array failures;
  for (const auto& [which, why] : tally.failures) {
    failures.push_back(bj::object{{"file", json::text(escape_utf8(which))},
                                  {"error", json::text(escape_utf8(why))}});
  }
  return json::serialize(bj::object{{"collection", to_string(collection)},
                                    {"index_cid", json::text(index_cid)},
                                    {"cid", json::text(cid)},
                                    {"sha256", json::text(sha256)},
                                    {"files", tally.files},
                                    {"archived", tally.archived},
                                    {"known", tally.known},
                                    {"failed", tally.failed},
                                    {"new_urls", tally.urls},
                                    {"left_out", tally.left_out},
                                    {"failures", std::move(failures)}});
}

}  // namespace

Status MorphIngestKind::check(const TaskRequest& request) const {
  const auto order = read_morph_order(request);
  return order ? Status() : Status(fail(order.error()));
}

Outcome MorphIngestKind::run(const Task& task, TaskContext& context) {
  auto order = read_morph_order(task.request);
  if (!order) return outcome_of(order.error());
  if (order->scraper.empty()) {
    return outcome_of({Code::invalid_argument, "/scraper: which one is not said"});
  }
  if (Status can = can_archive(desk_); !can) return outcome_of(can.error());
  StepTeller steps(context, 4);
  steps.at(1, 0.0, "fetching data.sqlite");
  auto download = fetch_database(task, *order, *desk_, context, steps);
  if (!download) return outcome_of(download.error(), "Error fetching data.sqlite");
  auto database = ForeignDatabase::open(download->file.path(), desk_->clock,
                                        {.at = context.deadline(), .stop = context.stop()});
  if (!database) {
    if (database.error().code == Code::failed_precondition) download->file.remove();
    return outcome_of(database.error(), "data.sqlite");
  }
  const auto collection = collection_for(task, *order, *desk_);
  if (!collection) return outcome_of(collection.error());
  auto content = PayloadFile::create(context.scratch_directory());
  if (!content) return outcome_of(content.error());
  steps.at(2, 0.0, "archiving file 0/0");
  MorphIngest ingest(
      {.desk = *desk_, .task = task, .context = context, .steps = steps, .database = *database},
      *order, *collection, std::move(*content));
  const auto tally = ingest.run();
  if (!tally) return outcome_of(tally.error());
  const auto cid =
      ingest.keep_database(download->file.path(), download->what.sha256, download->what.size_bytes);
  if (!cid) return outcome_of(cid.error());
  steps.at(3, 1.0, "writing index to IPFS");
  order->terms.collection = *collection;
  Archiver archiver({.desk = *desk_, .task = task, .context = context, .steps = steps},
                    order->terms);
  const auto index = archiver.write_index();
  if (!index) return outcome_of(index.error(), "writing the index");
  steps.at(4, 1.0, "saving collection results");
  download->file.remove();
  steps.done("saving collection results");
  return outcome::Succeeded{
      .result = result_of(*collection, *tally, *cid, download->what.sha256, *index)};
}

}  // namespace waybill
