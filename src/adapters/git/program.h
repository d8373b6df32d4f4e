#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "base/deadline.h"
#include "base/result.h"
#include "ports/clock.h"

namespace waybill::git {

/// What git needs to know of the remote; empty: nothing. All absolute paths.
struct Access {
  std::string credentials_file;  ///< of git-credential-store(1), for https
  std::string ssh_key_file;
  std::string known_hosts_file;
  /// Of proxies and of certificate authorities: `https_proxy=…`. Nothing else of our environment is
  /// passed on.
  std::vector<std::string> environment;
};

/// What one run of git may take, whatever a hostile remote sends.
struct Limits {
  Duration time = std::chrono::minutes(2);
  std::size_t file_bytes_max = std::size_t{64}
                               << 20;  ///< of each file that it writes: a pack is one
  std::size_t memory_bytes_max = std::size_t{1} << 30;  ///< address space of each process
  std::size_t output_bytes_max = std::size_t{1} << 20;
};

struct Call {
  std::vector<std::string> arguments;  ///< behind `git` and our own options
  std::string input;
  std::string protocol;  ///< the only one that git may speak: https, http, ssh, file; empty: none
  Limits limits;
};

/// Runs git with nobody's configuration, hooks, helpers, prompts or environment, in a process group
/// that is gone when it returns. Blocks until it ends, the deadline, or the limit of time, which is
/// `deadline_exceeded`. `failed_precondition`: there is no git; `resource_exhausted`: it has more
/// to say than the limit; `unavailable` with what git said: it ended with a status other than 0.
Result<std::string> run(const Call& call, const Access& access, Clock& clock,
                        const Deadline& deadline);

}  // namespace waybill::git
