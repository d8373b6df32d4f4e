#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "apps/waybill/environment.h"
#include "base/result.h"
#include "core/prio/workflow_flags.h"
#include "ports/clock.h"
#include "ports/http_client.h"
#include "ports/object_store.h"
#include "ports/queue.h"

namespace waybill {
class LedgerQueue;
class PubSubQueue;
class SqsQueue;
}

namespace waybill::cli {

class Clouds;
class LedgerBackend;

/// When calls are given up, once the program is asked to end.
struct CallStops {
  std::stop_token reads;   ///< at once: nothing depends on them any more
  std::stop_token writes;  ///< messages and markers that are under way may come to their end
  std::stop_token lock;    ///< at last: it is given back when the writes have ended
};

/// The bucket that markers go to, and the same once more for the scan lock. That is null where
/// calls are never given up.
struct MarkerBucket {
  std::unique_ptr<ObjectStore> markers;
  std::unique_ptr<ObjectStore> lock;
};

/// Where workflow-manager's flags become adapters: the only place that knows which there are. What
/// it gives must not outlive it.
class Backends {
 public:
  Backends(Clock& clock, Variables environment, CallStops stops);
  ~Backends();
  Backends(const Backends&) = delete;
  Backends& operator=(const Backends&) = delete;

  /// A bucket to read, by its URL's scheme, as the identity that goes with it. Touches no network.
  Result<std::unique_ptr<ObjectStore>> bucket(const prio::WorkflowBucket& bucket);
  /// The bucket that the lock and the markers go to. Asks a server that is not Amazon's own
  /// whether it honours conditional puts, with an object of this name.
  Result<MarkerBucket> marker_bucket(const prio::WorkflowBucket& bucket,
                                     const std::string& probe_key);
  /// A topic by the kind of its queue. Makes it where --gcp-pubsub-create-topics asks for that, and
  /// the ledger where there is none.
  Result<std::unique_ptr<Queue>> queue(const prio::WorkflowQueue& queue, const std::string& topic);
  /// For a dry run: fails where the service says that the topic is not there. What it does not
  /// let us know, and what --gcp-pubsub-create-topics is for, is taken to be there. Makes nothing.
  Status check_topic(const prio::WorkflowQueue& queue, const std::string& topic);
  /// What a message of that queue may have, for a dry run: makes nothing and touches no network.
  Result<std::size_t> body_bytes_max(const prio::WorkflowQueue& queue, const std::string& topic);
  /// HTTP requests that buckets and queues have sent so far: all of them, and each repeat.
  std::int64_t requests() const;
  /// Messages so far that its ledger had already; its queues are there.
  std::int64_t duplicates() const;
  /// Directories of buckets so far that nobody may read and that were left out.
  std::int64_t unreadable() const { return unreadable_; }
  /// The client that metrics are pushed with.
  Result<HttpClient*> http();

 private:
  Result<Clouds*> clouds();
  struct CallTerms {
    std::stop_token stop;
    bool conditional_put = true;
  };
  Result<std::unique_ptr<ObjectStore>> open(const prio::WorkflowBucket& bucket,
                                            const CallTerms& terms);
  /// The adapter alone.
  Result<std::unique_ptr<Queue>> make_queue(const prio::WorkflowQueue& queue,
                                            const std::string& topic);
  struct TopicTerms {
    Duration time_max;  ///< of a call
    std::stop_token stop;
  };
  Result<std::unique_ptr<SqsQueue>> sns_topic(const prio::WorkflowQueue& queue,
                                              const std::string& topic, const TopicTerms& terms);
  Result<std::unique_ptr<PubSubQueue>> pubsub_topic(const prio::WorkflowQueue& queue,
                                                    const std::string& topic,
                                                    const TopicTerms& terms);
  bool has(const std::string& variable) const;

  std::atomic<std::int64_t> unreadable_{0};
  Clock& clock_;
  const Variables environment_;
  const CallStops stops_;
  std::unique_ptr<HttpClient> http_;  // opened when first asked for
  std::unique_ptr<Clouds> clouds_;
  std::unique_ptr<LedgerBackend> ledger_;
  std::vector<const LedgerQueue*> ledger_queues_;
};

}  // namespace waybill::cli
