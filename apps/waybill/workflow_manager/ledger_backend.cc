#include "apps/waybill/workflow_manager/ledger_backend.h"

#include <utility>
#include <vector>

#include "apps/waybill/session.h"
#include "core/config.h"
#include "core/json_schema.h"
#include "core/suggest.h"

namespace waybill::cli {
namespace {

Result<TaskDefinition> find_task(const Definitions& definitions, const std::string& topic) {
  const auto found = definitions.tasks.find(topic);
  if (found != definitions.tasks.end()) return found->second;
  std::vector<std::string> known;
  for (const auto& [name, task] : definitions.tasks) known.push_back(name);
  return fail(Code::not_found, "there is no task definition \"" + topic + "\" in --definitions" +
                                   did_you_mean(topic, known));
}

}  // namespace

LedgerBackend::LedgerBackend(Definitions definitions, Kinds kinds, std::unique_ptr<Store> store)
    : definitions_(std::move(definitions)), kinds_(std::move(kinds)), store_(std::move(store)) {}

Result<std::unique_ptr<LedgerBackend>> LedgerBackend::open(const prio::WorkflowQueue& queue,
                                                           Clock& clock) {
  auto kinds = Kinds::create(clock);
  if (!kinds) return fail(kinds.error());
  auto definitions = read_definitions(queue.ledger_definitions, *kinds);
  if (!definitions) return fail(with_context(definitions.error(), "--definitions"));
  ConfigSources sources{.flags = {{"data", queue.ledger_data}}};
  if (!queue.ledger_url.empty()) sources.flags["ledger"] = queue.ledger_url;
  const ConfigLoad load = load_config(sources);
  if (!load.problems.empty()) {
    return fail(Code::invalid_argument, to_string(load.problems.front()));
  }
  auto store = open_store(load.config, clock, OpenStore::create);
  if (!store) return fail(store.error());
  return std::unique_ptr<LedgerBackend>(
      new LedgerBackend(std::move(*definitions), std::move(*kinds), std::move(*store)));
}

Result<std::unique_ptr<LedgerQueue>> LedgerBackend::queue(const std::string& topic) {
  auto task = find_task(definitions_, topic);
  if (!task) return fail(task.error());
  LedgerQueueOptions options{.definition = std::move(*task), .created_by = "workflow-manager"};
  options.check_task =
      [this, schema = options.definition.params_schema](const TaskRequest& request) -> Status {
    if (Status checked = check_params(schema, request.params); !checked) return checked;
    return kinds_.check(request);
  };
  return std::make_unique<LedgerQueue>(store_->ledger(), std::move(options));
}

Result<std::size_t> LedgerBackend::body_bytes_max(const prio::WorkflowQueue& queue,
                                                  const std::string& topic, Clock& clock) {
  const auto kinds = Kinds::create(clock);
  if (!kinds) return fail(kinds.error());
  const auto definitions = read_definitions(queue.ledger_definitions, *kinds);
  if (!definitions) return fail(with_context(definitions.error(), "--definitions"));
  const auto task = find_task(*definitions, topic);
  if (!task) return fail(task.error());
  return kParamsBytesMax;
}

}  // namespace waybill::cli
