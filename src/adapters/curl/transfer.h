#pragma once

#include <array>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "adapters/curl/header_list.h"
#include "adapters/curl/http_client.h"
#include "adapters/curl/trust_store.h"

namespace waybill {

/// One request after another on a handle of libcurl, which somebody else drives.
class CurlTransfer {
 public:
  CurlTransfer();

  bool is_valid() const { return easy_ != nullptr; }
  /// A CURL*, whose CURLINFO_PRIVATE is this.
  void* easy() const { return easy_.get(); }
  /// What is configured, and the authorities that are trusted besides. It outlives end().
  struct Setup {
    const CurlHttpClientParams& params;
    const TrustStore& trust;
  };
  /// The request outlives end(). False: libcurl cannot set it up.
  bool begin(const HttpRequest& request, const Setup& setup, const std::string& host);
  /// What it came to, by its CURLcode; before the handle is taken away from what drives it.
  Result<HttpResponse> end(int code);
  /// A new handle, where nothing drives the old one. After each transfer that failed or was given
  /// up: libcurl then keeps its buffer, of whatever size, and fills it by the size set next.
  void renew();
  /// What an error is told of: "sending GET to example.org".
  std::string action() const;

 private:
  friend struct CurlCallbacks;
  /// What requests have in common: options that stay set from one to the next of the same shape.
  struct Shape {
    std::string method;
    bool has_body = false;
    bool once = false;
    bool by_http_proxy = false;
    bool direct = false;

    bool operator==(const Shape&) const = default;
  };
  static Shape shape_of(const HttpRequest& request, const CurlHttpClientParams& params);

  bool prepare(const HttpRequest& request, const Setup& setup);
  bool prepare_shape(const Setup& setup);
  bool prepare_connection(const CurlHttpClientParams& params);
  Error explain(int result) const;

  std::unique_ptr<void, void (*)(void*)> easy_;
  Shape shape_;
  bool is_shaped_ = false;
  HeaderList headers_;
  std::string base_;  // of the URL, as far as libcurl reads it
  std::string host_;
  const HttpRequest* request_ = nullptr;  // until end()
  HttpResponse response_;
  std::size_t body_bytes_max_ = 0;
  bool over_limit_ = false;
  std::function<bool(const IpAddress&)> may_connect_;  // until end()
  std::string refused_;  // the address that it would have connected to
  int times_sent_ = 0;
  std::array<char, 256> text_{};  // CURL_ERROR_SIZE
};

}  // namespace waybill
