#include "services/queue_view.h"

#include <boost/json.hpp>

#include "base/json.h"

namespace waybill {
namespace bj = boost::json;

Result<std::map<std::string, QueueView>> queue_views(const LedgerParts& parts) {
  std::map<std::string, QueueView> views;
  const auto queues = parts.registry.queues();
  if (!queues) return fail(queues.error());
  const auto counts = parts.reader.counts();
  if (!counts) return fail(counts.error());
  for (const QueueSettings& queue : *queues) views[queue.name].settings = queue;
  for (const QueueCounts& count : *counts) views[count.queue].counts = count;
  for (auto& [name, view] : views) view.settings.name = name;
  return views;
}

bj::object queue_to_json(const QueueView& view) {
  bj::object counts;
  for (int state = 0; state < kStateCount; ++state) {
    counts[json::text(to_string(static_cast<State>(state)))] = view.counts.by_state[state];
  }
  const Retention& retention = view.settings.retention;
  return {{"name", view.settings.name},
          {"paused", view.settings.paused},
          {"concurrency", view.settings.concurrency_max},
          {"retention",
           {{"succeeded", format_duration(retention.succeeded)},
            {"failed", format_duration(retention.failed)},
            {"cancelled", format_duration(retention.cancelled)}}},
          {"tasks", std::move(counts)}};
}

}  // namespace waybill
