// Any command line of `waybill workflow-manager`, an argument a line: it is refused with a reason,
// or its values are the same written in one form, and what they ask for makes sense.
#include "core/prio/workflow_flags.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"

namespace {

using namespace waybill;

void check_refusal(const Error& error) {
  WAYBILL_CHECK(!error.message.empty(), "a refusal says why");
  WAYBILL_CHECK(error.code == Code::invalid_argument || error.code == Code::failed_precondition,
                "a command line is misused, or ends as the original did");
}

void check_options(const prio::WorkflowOptions& options) {
  WAYBILL_CHECK(options.scan.aggregation_period > Duration(0), "a window has a length");
  WAYBILL_CHECK(options.scan.grace_period >= Duration(0), "a window has ended");
  WAYBILL_CHECK(options.enqueue_workers > 0, "somebody publishes");
  const auto kinds = prio::workflow_queue_kinds();
  WAYBILL_CHECK(std::find(kinds.begin(), kinds.end(), options.queue.kind) != kinds.end(),
                "a queue is of a kind that there is");
  WAYBILL_CHECK(!options.queue.intake_topic.empty() && !options.queue.aggregate_topic.empty(),
                "there is a topic for each task");
  for (const auto* bucket : {&options.ingestion, &options.own, &options.peer}) {
    WAYBILL_CHECK(!bucket->url.name.empty(), "a bucket has a name");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::vector<std::string> arguments;
  std::string_view text(reinterpret_cast<const char*>(data), size);
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    arguments.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  const auto values = prio::read_workflow_flags({.arguments = arguments});
  if (!values) {
    check_refusal(values.error());
    return 0;
  }
  std::vector<std::string> written;
  for (const auto& [name, value] : *values) written.push_back("--" + name + "=" + value);
  const auto again = prio::read_workflow_flags({.arguments = written});
  WAYBILL_CHECK(again && *again == *values, "values are read as they are written");
  const auto options = prio::workflow_options(*values);
  options ? check_options(*options) : check_refusal(options.error());
  return 0;
}
