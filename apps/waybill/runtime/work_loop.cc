#include "apps/waybill/runtime/work_loop.h"

#include "apps/waybill/runtime/worker_host.h"

namespace waybill::cli {
namespace {

Status work_until_idle(const WorkTerms& terms, std::vector<std::string> kinds,
                       std::stop_token stop) {
  Session& session = terms.session;
  const auto left =
      terms.idle->wait({.clock = session.clock(),
                        .store = terms.store,
                        .scope = {.queues = session.config().queues, .kinds = std::move(kinds)},
                        .deadline = {.stop = stop},
                        .shown = progress_printer(session.output())});
  if (!left) return fail(left.error());
  if (left->waiting > 0 && !stop.stop_requested()) {
    const std::string count = std::to_string(left->waiting);
    session.output().note((left->waiting == 1 ? "1 task is" : count + " tasks are") +
                          " left that cannot start here now; see `waybill task list --state live`, "
                          "then `waybill task why ID`");
  }
  return {};
}

}  // namespace

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
    ended = work_until_idle(terms, (*worker)->kinds(), done.get_token());
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
