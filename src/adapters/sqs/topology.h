#pragma once

#include <stop_token>
#include <string>

#include "adapters/sqs/queue.h"
#include "base/result.h"
#include "base/time.h"

namespace waybill {

struct SqsTopologyParams {
  std::string region;
  std::string name;  ///< of the topic, and of the queue: 1 to 80 letters, digits, '-' and '_'
  std::string sns_endpoint;
  std::string sqs_endpoint;
  Duration visibility = std::chrono::seconds(60);  ///< of a queue that is created
  /// The queue where SQS puts what was received more often than that, and not deleted; it is
  /// created too. Empty: none.
  std::string dead_letter_name{};
  int receives_max = 100;
  Duration call_time_max = std::chrono::seconds(60);
  std::stop_token stop{};
};
struct SqsTopology {
  std::string topic_arn;
  std::string queue_url;
};

/// Creates a topic of SNS, a queue of SQS that takes messages of it, and the raw subscription
/// between them. Safe to repeat: what is there already stays as it is.
Result<SqsTopology> make_sqs_topology(const SqsQueue::Services& services,
                                      const SqsTopologyParams& params);

/// A name of SNS and SQS for one of Waybill's, which may have dots and be longer: different names
/// stay different.
std::string sqs_name(const std::string& name);

}  // namespace waybill
