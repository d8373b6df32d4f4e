#pragma once

#include <boost/json/fwd.hpp>
#include <cstdint>
#include <string>
#include <vector>

#include "adapters/remote/server.h"
#include "ports/artifact_shelf.h"
#include "ports/clock.h"

namespace waybill {

/// The artifacts of tasks that this worker holds, at the server: first what an attempt leaves is
/// recorded there, which answers what the server lacks, then that is sent in pieces. Contents that
/// the server has are not sent. On a line that is cut it goes on where it was, for as long as it
/// may (the stop token says when the lease is lost), unless nothing goes through for five minutes.
/// Thread-safe; blocks.
class RemoteArtifacts final : public ArtifactShelf {
 public:
  /// Both outlive it.
  RemoteArtifacts(RemoteServer& server, Clock& clock, std::int64_t piece_bytes = 4 << 20)
      : server_(server), clock_(clock), piece_bytes_(piece_bytes) {}

  Status keep(const ArtifactOwner& owner, std::span<const ArtifactFile> files,
              const std::stop_token& stop) override;
  Status fetch(const ArtifactOwner& owner, const std::string& sha256, const std::string& path,
               const std::stop_token& stop) override;

 private:
  struct Named {
    const ArtifactFile& file;
    std::string sha256;
    std::int64_t size_bytes = 0;
  };
  Result<std::vector<std::string>> record(const ArtifactOwner& owner,
                                          const std::vector<Named>& artifacts,
                                          const std::stop_token& stop);
  Status send(const ArtifactOwner& owner, const Named& artifact, const std::stop_token& stop);
  Result<boost::json::value> send_piece(const ArtifactOwner& owner, const Named& artifact,
                                        std::int64_t offset, std::string bytes,
                                        const std::stop_token& stop);

  RemoteServer& server_;
  Clock& clock_;
  const std::int64_t piece_bytes_;
};

}  // namespace waybill
