#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "adapters/redis/address.h"
#include "adapters/redis/publisher.h"
#include "apps/waybill/environment.h"
#include "apps/waybill/session.h"
#include "apps/waybill/store.h"
#include "core/metrics_text.h"
#include "services/progress_publisher.h"

namespace waybill::cli {

/// Tells of tasks on Redis, as task_mgmt did.
class RedisProgress {
 public:
  /// `reader` and `clock` outlive it. Of those with the same `turn` one tells at a time; `holder`
  /// tells this one from the others.
  RedisProgress(redis::Address address, LedgerReader& reader, Clock& clock, std::string turn,
                std::string holder);
  /// Lets another server tell, after its service has ended.
  void leave() { publisher_.leave(); }

  Service& service() { return publisher_; }
  void add_metrics(std::vector<MetricSample>& samples) const;

 private:
  RedisPublisher channels_;
  ProgressPublisher publisher_;
};

/// Where Redis is: of the variable WAYBILL_REDIS_URL, else of the file of --redis-url-file; none if
/// neither is there. `invalid_argument` for what is no URL, of which nothing is shown.
Result<std::optional<redis::Address>> redis_address(const Config& config,
                                                    const Variables& environment);

/// `invalid_argument` if Redis is named, as is for those alone who serve task_mgmt's addresses.
Status no_redis_alone(const Config& config);

/// Null where no Redis is named. `task_mgmt`: whether its addresses are served.
Result<std::unique_ptr<RedisProgress>> open_redis_progress(Session& session, Store& store,
                                                           bool task_mgmt);

}  // namespace waybill::cli
