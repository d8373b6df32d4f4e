#include "kinds/archive/collect/addcollection.h"

#include <boost/json.hpp>

#include "core/definition_fields.h"
#include "kinds/archive/collect/archive_order.h"
#include "kinds/archive/fields.h"
#include "kinds/archive/outcomes.h"

namespace waybill {
namespace {

Result<ArchiveTerms> read_collection_order(const TaskRequest& request) {
  static const JsonSchema kSchema = embedded_schema(ipfs_addcollection_spec_schema());
  const auto object = archive_fields(request, kSchema, ipfs_addcollection_spec_schema());
  if (!object) return fail(object.error());
  auto terms = read_archive_terms(*object, request);
  if (!terms) return terms;
  const std::string said = Fields(*object).text("collectionId");
  if (said.empty()) {
    if (has_no_params(request)) return terms;
    return fail(Code::invalid_argument, "collectionId is required");
  }
  const auto id = parse_uuid(said);
  if (!id) return fail(of_field("/collectionId", id.error()));
  terms->collection = *id;
  return terms;
}

}  // namespace

Status IpfsAddCollectionKind::check(const TaskRequest& request) const {
  const auto order = read_collection_order(request);
  return order ? Status() : Status(fail(order.error()));
}

Outcome IpfsAddCollectionKind::run(const Task& task, TaskContext& context) {
  auto terms = read_collection_order(task.request);
  if (!terms) return outcome_of(terms.error());
  if (terms->collection.is_nil()) {
    return outcome_of({Code::invalid_argument, "collectionId is required"});
  }
  if (Status can = can_archive(desk_); !can) return outcome_of(can.error());
  StepTeller steps(context, 4);
  steps.at(1, 0.0, "loading collection");
  const auto collection = desk_->collections->find(terms->collection);
  if (!collection) return outcome_of(collection.error(), "Error reading collection");
  const auto total = count_items(*desk_->collections, collection->id);
  if (!total) return outcome_of(total.error(), "Error reading collection item count");
  terms->total = *total;
  terms->status = [total = *total](std::int64_t number) {
    return "archiving url " + std::to_string(number) + "/" + std::to_string(total);
  };
  steps.at(2, 0.0, terms->status(0));
  Archiver archiver({.desk = *desk_, .task = task, .context = context, .steps = steps},
                    std::move(*terms));
  const auto tally = archiver.run();
  if (!tally) return outcome_of(tally.error());
  steps.at(3, 1.0, "writing index to IPFS");
  const auto index = archiver.write_index();
  if (!index) return outcome_of(index.error(), "writing the index");
  steps.at(4, 1.0, "saving collection results");
  steps.done("saving collection results");
  return archived_outcome(collection->id, *index, *tally, 0);
}

}  // namespace waybill
