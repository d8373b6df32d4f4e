#include "apps/waybill/runtime/work_loop.h"

#include "apps/waybill/runtime/worker_host.h"

namespace waybill::cli {

Status work_until_done(const WorkTerms& terms) {
  Session& session = terms.session;
  auto worker = WorkerHost::start(session, terms.store);
  if (!worker) return fail(worker.error());
  session.output().note(terms.greeting + "; ctrl-c ends it");
  Status ended{};
  if (terms.idle != nullptr) {
    ended = terms.idle->wait(session, terms.store, {.stop = terms.stop},
                             progress_printer(session.output()));
  } else {
    session.clock().wait_until(kSteadyTimeMax, terms.stop);
  }
  if (terms.stop.stop_requested()) {
    session.output().note("letting what runs end, for at most " +
                          format_duration(session.config().grace) +
                          "; the same signal again ends at once");
  }
  (*worker)->stop(session.config().grace);
  return ended;
}

}  // namespace waybill::cli
