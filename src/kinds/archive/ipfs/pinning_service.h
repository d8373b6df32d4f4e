#pragma once

#include <algorithm>
#include <boost/json/fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/deadline.h"
#include "base/result.h"
#include "core/ipfs/cid.h"
#include "core/task.h"
#include "kinds/archive/desk.h"
#include "ports/clock.h"
#include "ports/http_streams.h"
#include "ports/task_kind.h"

namespace waybill::ipfs {

/// Who keeps trees for others, as the IPFS Pinning Service API 1.0 has it
/// (https://ipfs.github.io/pinning-services-api-spec/).
struct PinningService {
  std::string url;     ///< what `/pins` is put behind
  std::string secret;  ///< name of the one with the access token
};

/// `services` of the fields. `invalid_argument`: one is no URL of a server, would be told its token
/// in the clear, or the params say it: who may only start a definition is not to say which secret
/// goes where.
Result<std::vector<PinningService>> read_pinning_services(const boost::json::object& fields,
                                                          const TaskRequest& request);

/// Bounds of asking one after another: all by the deadline, and each for so long, so that one that
/// says nothing leaves time for the others.
struct AskInTurn {
  Deadline deadline;
  Duration each_max;

  Deadline next(const Clock& clock) const {
    return {.at = std::min(deadline.at, clock.steady_now() + each_max), .stop = deadline.stop};
  }
};

struct Copies {
  int count = 0;
  int refusals = 0;                ///< by services that will not say otherwise another time
  std::optional<Error> refused{};  ///< the first of these
};

/// How many of them say that they have it. One that is away or refuses is told to the log, and
/// counts for none. Errors: `cancelled`.
Result<Copies> copies_at_services(const std::vector<PinningService>& services, const Cid& cid,
                                  ArchiveDesk& desk, TaskContext& context, const AskInTurn& turns);

}  // namespace waybill::ipfs
