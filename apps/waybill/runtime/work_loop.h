#pragma once

#include <cstdint>
#include <functional>
#include <stop_token>
#include <string>
#include <vector>

#include "apps/waybill/runtime/idle.h"
#include "apps/waybill/runtime/task_broker.h"
#include "apps/waybill/session.h"
#include "services/pipeliner.h"
#include "services/rule_desk.h"

namespace waybill::cli {

/// How long a worker of this process works.
struct WorkTerms {
  Session& session;
  Store& store;
  std::stop_token stop;
  IdleWatch* idle = nullptr;  ///< ends it when nothing is left to do; null: only `stop` does
  std::string greeting;       ///< said when the worker has begun
  std::int64_t scans = 0;     ///< what this process does besides, to be told of
  std::int64_t schedules = 0;
  RuleDesk* rules = nullptr;                   ///< only what they let run is run; null: everything
  std::vector<std::string> other_kinds{};      ///< that this process runs too
  TaskBroker* broker = nullptr;                ///< tells of tasks; null: the ledger is asked
  std::function<RunsAtRest()> runs_at_rest{};  ///< empty: it carries on none
  std::function<void()> begin{};  ///< begins the rest, once the start has been told; may be empty
};

/// Runs a worker until its terms are met, then lets what runs end within the setting `grace`.
Status work_until_done(const WorkTerms& terms);

}  // namespace waybill::cli
