#include "apps/waybill/runtime/redis_progress.h"

#include <utility>

#include "adapters/aws/settings.h"
#include "http/compat/task_mgmt_json.h"

namespace waybill::cli {
namespace {

constexpr const char* kUrlVariable = "WAYBILL_REDIS_URL";
constexpr const char* kFlag = "--redis-url-file";
constexpr std::string_view kBlanks = " \t\r\n";

std::string_view without_blanks(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(kBlanks);
  if (begin == text.npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlanks) + 1 - begin);
}

}  // namespace

RedisProgress::RedisProgress(redis::Address address, LedgerReader& reader, Clock& clock,
                             std::string turn, std::string holder)
    : channels_(std::move(address), clock),
      publisher_({.reader = reader, .channels = channels_, .clock = clock}, http::task_mgmt_message,
                 {.turn = std::move(turn), .holder = std::move(holder)}) {}

void RedisProgress::add_metrics(std::vector<MetricSample>& samples) const {
  const ProgressPublisher::Counts counts = publisher_.counts();
  samples.push_back(counter_of("waybill_redis_published_total", counts.published,
                               "Messages about tasks that Redis has taken."));
  samples.push_back(
      counter_of("waybill_redis_dropped_total", counts.dropped,
                 "Messages about tasks that were dropped, since Redis did not take them."));
}

Result<std::optional<redis::Address>> redis_address(const Config& config,
                                                    const Variables& environment) {
  std::string text = variable_in(environment, kUrlVariable);
  std::string source = kUrlVariable;
  if (text.empty()) {
    if (config.redis_url_file.empty()) return std::nullopt;
    source = kFlag + (": " + config.redis_url_file);
    auto file = aws::read_whole_file(config.redis_url_file);
    if (!file) return fail(with_context(file.error(), kFlag));
    text = std::move(*file);
  }
  auto address = redis::parse_address(without_blanks(text));
  if (!address) return fail(with_context(address.error(), source));
  return std::move(*address);
}

Status no_redis_alone(const Config& config) {
  const bool by_variable = !variable_in(process_environment(), kUrlVariable).empty();
  if (!by_variable && config.redis_url_file.empty()) return {};
  return fail(Code::invalid_argument,
              std::string(by_variable ? kUrlVariable : kFlag) +
                  ": Redis is told of tasks only by a server of task_mgmt's addresses; give "
                  "--compat task-mgmt and --listen too, or name no Redis");
}

Result<std::unique_ptr<RedisProgress>> open_redis_progress(Session& session, Store& store,
                                                           bool task_mgmt) {
  if (!task_mgmt) {
    if (Status alone = no_redis_alone(session.config()); !alone) return fail(alone.error());
    return nullptr;
  }
  auto address = redis_address(session.config(), process_environment());
  if (!address) return fail(address.error());
  if (!*address) return nullptr;
  const auto claim = store.beside().artifacts.claim();
  if (!claim) return fail(with_context(claim.error(), "reading which ledger this is"));
  return std::make_unique<RedisProgress>(std::move(**address), store.reader(), session.clock(),
                                         "waybill:teller:" + claim->ledger,
                                         std::to_string(session.rng().next()));
}

}  // namespace waybill::cli
