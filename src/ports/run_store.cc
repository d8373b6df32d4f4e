#include "ports/run_store.h"

namespace waybill {

Error no_run(const Uuid& id) {
  return {.code = Code::not_found,
          .message = "no run " + to_string(id) + " in the ledger; retention may have removed it"};
}

Error run_has_ended(const Uuid& id) {
  return {.code = Code::failed_precondition, .message = "run " + to_string(id) + " has ended"};
}

Error no_open_approval(const RunAsk& ask) {
  return {.code = Code::failed_precondition,
          .message = "run " + to_string(ask.id) + " waits for no approval at \"" + ask.path +
                     "\"; see `waybill run show " + to_string(ask.id) + "`"};
}

Error run_not_held(const Uuid& id) {
  return {.code = Code::aborted,
          .message = "run " + to_string(id) + " is carried on by another server, or has ended"};
}

}  // namespace waybill
