#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>

#include "adapters/curl/header_list.h"
#include "adapters/curl/http_client.h"
#include "ports/http_streams.h"

namespace waybill {

/// One exchange on a handle of libcurl of its own, which somebody else drives.
class CurlStream {
 public:
  struct Setup {
    const CurlHttpClientParams& params;
    const TrustStore& trust;
    const HttpExchange& exchange;
    HttpDownload& download;
  };
  explicit CurlStream(Setup setup);

  void* easy() const { return easy_.get(); }  ///< a CURL*
  /// False: libcurl cannot set it up.
  bool prepare();
  /// What it came to, by its CURLcode.
  Result<HttpResponse> end(int code);
  /// What an error is told of: "sending GET to example.org".
  const std::string& action() const { return action_; }

 private:
  friend struct CurlStreamCallbacks;
  bool prepare_connection();
  bool prepare_request();
  bool prepare_callbacks();
  Error explain(int result) const;
  /// Tells of the head, once, when all of it is there.
  bool begin();

  const Setup setup_;
  const std::string action_;
  std::unique_ptr<void, void (*)(void*)> easy_;
  HeaderList headers_;
  std::string base_;  // of the URL, as far as libcurl reads it
  HttpResponse response_;
  std::string head_;  // as it was received, where somebody hears it
  std::size_t head_bytes_ = 0;
  bool is_begun_ = false;
  std::optional<Error> refusal_;  // of the download or the upload
  std::string refused_;           // the address that it would have connected to
  std::array<char, 256> text_{};  // CURL_ERROR_SIZE
};

}  // namespace waybill
