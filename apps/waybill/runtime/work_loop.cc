#include "apps/waybill/runtime/work_loop.h"

#include "apps/waybill/runtime/worker_host.h"

namespace waybill::cli {

Status work_until_done(const WorkTerms& terms) {
  Session& session = terms.session;
  auto worker = WorkerHost::start(session, terms.store);
  if (!worker) return fail(worker.error());
  session.output().note(terms.greeting + "; ctrl-c ends it");
  std::stop_source done;
  const auto end = [&done] { done.request_stop(); };
  const std::stop_callback asked(terms.stop, end);
  const std::stop_callback broken((*worker)->broken(), end);
  Status ended{};
  if (terms.idle != nullptr) {
    ended = terms.idle->wait(session, terms.store, {.stop = done.get_token()},
                             progress_printer(session.output()));
  } else {
    session.clock().wait_until(kSteadyTimeMax, done.get_token());
  }
  if (terms.stop.stop_requested()) {
    session.output().note("letting what runs end, for at most " +
                          format_duration(session.config().grace) +
                          "; the same signal again ends at once");
  }
  (*worker)->stop(session.config().grace);
  if (auto failure = (*worker)->failure()) return fail(with_context(*failure, "stopped working"));
  return ended;
}

}  // namespace waybill::cli
