#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "kinds/archive/fetch/downloader.h"

namespace waybill {

/// `data_loss`: a file has not the size that it should have.
Status wrong_size(const std::string& url, const std::string& has, const FetchOrder& order);

/// One request of a download, and what becomes of its answer. Blocks.
class FetchVisit final : public HttpDownload {
 public:
  struct Ports {
    HttpStreams& http;
    Clock& clock;
    const DownloadParams& params;
    const Downloader::Terms& terms;
    PartialFile& partial;
  };
  enum class End : std::uint8_t {
    whole,  ///< all of it is in the file
    not_modified,
    redirected,  ///< to `location`
    useless,     ///< what is there does not go with what the server has: begin anew
  };
  FetchVisit(Ports ports, std::string expected) : ports_(ports), expected_(std::move(expected)) {}

  /// Asks for what is missing: `url` is what was asked first, `at` where that has led to. Errors as
  /// of Downloader; what has come until then is in the file.
  Result<End> ask(const std::string& url, const std::string& at);

  const std::string& location() const { return location_; }
  const HttpResponse& head() const { return head_; }
  std::int64_t received() const { return received_; }

  Status begin(const HttpResponse& head) override;
  Status write(std::string_view bytes) override;

 private:
  HttpRequest request(const std::string& url, const std::string& at) const;
  bool may_go_on(const std::string& url) const;
  Status begin_whole();
  Status begin_rest();
  Status check_room(std::int64_t whole) const;
  std::int64_t said_length() const;
  /// Ends the exchange early, which is no error.
  Status done(End end);
  Result<End> ended() const;

  const Ports ports_;
  const std::string expected_;  // SHA-256; empty: not known
  std::string url_;
  std::string at_;
  HttpResponse head_;
  std::string said_;  // by an answer that is no content
  std::string location_;
  std::optional<End> end_;
  bool takes_ = false;
  std::int64_t total_ = -1;
  std::int64_t received_ = 0;
};

}  // namespace waybill
