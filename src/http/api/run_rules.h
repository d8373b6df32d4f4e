#pragma once

#include <string>

#include "core/pipeline/kept_run.h"
#include "core/pipeline/plan.h"
#include "http/api/call.h"
#include "http/api/parts.h"

namespace waybill::http {

/// Refuses who may not start such a run: by the who_may of the pipeline and of those in it, and by
/// that of every task definition and queue that it uses. Where a rule's repository comes from a
/// param of a task, that has to be known now: written out, or from the params of the run.
Answer<void> may_start(const ApiParts& parts, const Principal& who, const pipeline::Plan& plan,
                       const std::string& params);
/// The same for a task that starts a run; fine for all others.
Answer<void> may_start_by(const ApiParts& parts, const Principal& who, const TaskRequest& task);
/// Refuses a change of a run that the who_may of its pipeline does not let, and of somebody else's
/// to who has not the right to operate.
Answer<void> may_change_run(const ApiParts& parts, const Principal& who,
                            const pipeline::KeptRun& run);
/// Refuses who may not answer a wait for an approval: by its own who_may, or else as for
/// starting the run.
Answer<void> may_decide(const ApiParts& parts, const Principal& who, const pipeline::KeptRun& run,
                        const pipeline::Wait& wait);

}  // namespace waybill::http
