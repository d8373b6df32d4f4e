#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/rng.h"
#include "core/definition.h"
#include "core/import.h"
#include "decorators/faulty_queue.h"
#include "testing/fake_queue.h"
#include "testing/ledger_auditor.h"
#include "testing/stage.h"

namespace waybill::sim {

/// A program of somebody else's that publishes messages to a broker which doubles, reorders and
/// redelivers them and loses acknowledgements. It publishes each until it is answered, and some
/// again later; some are malformed. Each that the broker took has to become one task, for ever, or
/// to be set aside.
class Orders {
 public:
  Orders(Stage& stage, LedgerAuditor& auditor, Faults& faults, Rng rng, const QueueDisorder& wrong);

  void act();
  /// Nothing goes wrong at the broker any more.
  void calm_down() { queue_.set_disorder({}); }
  /// Of a task that was accepted, whoever asked for it.
  void accept(const TaskRequest& request);
  /// Whether all that was taken has been read.
  bool have_settled() const { return queue_.size() == 0; }
  void check();

  Queue& queue() { return queue_; }
  Queue& refused() { return refused_; }
  QueueDisorders disorders() const { return queue_.disorders(); }
  static ImportDefinition import();
  static std::map<std::string, TaskDefinition> tasks();
  /// For a message that has no id of its own.
  Uuid fresh_id();

 private:
  Message invent();

  LedgerAuditor& auditor_;
  FakeQueue queue_;
  FakeQueue refused_;
  FaultyQueue publishing_;
  Rng rng_;
  std::vector<Message> pending_;      // not answered yet
  std::vector<Message> taken_;        // by the broker
  std::set<std::string> malformed_;   // what they are known by
  std::map<std::string, int> tasks_;  // by their params, not the key: that may be what is wrong
  int invented_ = 0;
  int fresh_ = 0;
};

}  // namespace waybill::sim
