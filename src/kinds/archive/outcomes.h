#pragma once

#include <string>

#include "base/result.h"
#include "ports/http_client.h"
#include "ports/task_kind.h"

namespace waybill {

/// Whether another attempt may do better: of `unavailable`, `aborted`, `deadline_exceeded`,
/// `resource_exhausted`, `data_loss`, `internal`, `unknown`; of all others not.
bool may_do_better(Code code);

/// How an attempt ends by an error. `cancelled`: it stopped because it was asked to.
Outcome outcome_of(const Error& error);

/// Whether a request was not sent, as it was no time for it: `resource_exhausted` with
/// `retry_after`. That is no failure: the attempt ends, and goes on by then.
bool is_no_turn(const Error& error);

/// Why an answer is none of what was asked for, by its status: `not_found` (404, 410),
/// `permission_denied` (401, 402, 403, 407, 451), `unavailable` with `retry_after` (408, 425, 429,
/// 5xx but 501 and 505, and 403 where requests are used up), else `failed_precondition`. Only the
/// first 200 bytes of `said` count.
Error error_of_status(const HttpResponse& head, const std::string& url, Time now,
                      std::string_view said = {});

}  // namespace waybill
