#pragma once

#include <boost/json/fwd.hpp>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/deadline.h"
#include "core/ipfs/cid.h"
#include "ports/clock.h"
#include "ports/http_streams.h"

namespace waybill::ipfs {

/// What a worker without a node says, after the predecessor's words.
inline constexpr std::string_view kNoNode =
    "no ipfs server url provided, please configure the ipfs tasks package: name the node's RPC "
    "with --ipfs-api where the worker is started";

/// The RPC of a node (Kubo's HTTP API, which js-ipfs speaks too), call by call. Thread-safe;
/// blocks. Errors: `unavailable` (the node is away, or failed: it may be asked again), `aborted`,
/// `deadline_exceeded`, `cancelled`; `invalid_argument` (it does not take what was asked),
/// `permission_denied` (by what guards the node), `failed_precondition` (no RPC of a node is
/// there).
class Node {
 public:
  using Query = std::vector<std::pair<std::string, std::string>>;
  using OnLine = std::function<Status(const boost::json::object&)>;

  /// `api` as http://127.0.0.1:5001, with or without /api/v0. The ports outlive the node.
  Node(HttpStreams& http, Clock& clock, std::string_view api);

  struct Call {
    std::string_view command;  ///< as `pin/add`
    Query query{};
    HttpUpload* upload = nullptr;
    std::int64_t upload_bytes = 0;
    std::string content_type{};
  };
  /// Each line of the answer, which is a JSON object.
  Status call(const Call& call, const OnLine& on_line, const Deadline& deadline);
  /// The answer as it is, up to 1 MiB.
  Result<std::string> text(const Call& call, const Deadline& deadline);

  /// With all that it links to; fine if it is already. `progress`: blocks that are there.
  Status pin(const Cid& cid, const std::string& name,
             const std::function<void(std::int64_t)>& progress, const Deadline& deadline);
  /// False: it was not, or is kept by a pin of something that links to it.
  Result<bool> unpin(const Cid& cid, const Deadline& deadline);
  Result<bool> is_pinned(const Cid& cid, const Deadline& deadline);
  /// Of itself.
  Result<std::string> peer_id(const Deadline& deadline);
  /// Peers that say they have it, at most so many, itself among them.
  Result<std::vector<std::string>> providers(const Cid& cid, int at_most, const Deadline& deadline);

  const std::string& api() const { return api_; }

 private:
  Status send(const Call& call, HttpDownload& download, const Deadline& deadline);

  HttpStreams& http_;
  Clock& clock_;
  std::string api_;
};

}  // namespace waybill::ipfs
