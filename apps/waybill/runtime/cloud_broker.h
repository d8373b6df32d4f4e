#pragma once

#include <memory>

#include "apps/waybill/runtime/task_broker.h"
#include "apps/waybill/session.h"
#include "base/result.h"
#include "core/broker_url.h"

namespace waybill::cli {

/// Google Pub/Sub, or SNS and SQS: one topic, and what receives from it, for each queue of the
/// ledger (docs/reference/amqp.md).
Result<std::unique_ptr<TaskBroker>> open_cloud_broker(Session& session, const BrokerUrl& url);

}  // namespace waybill::cli
