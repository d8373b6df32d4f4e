#pragma once

#include <memory>
#include <string>

#include "adapters/curl/http_client.h"

struct curl_slist;

namespace waybill::curl {

/// One request on an easy handle (a CURL*), and what comes back. Outlives the transfer.
class Exchange {
 public:
  Exchange(void* easy, const HttpRequest& request, const CurlOptions& options);
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;

  /// What the end of the transfer, a CURLcode, means: see HttpClient.
  Status judge(int code) const;
  /// The error of a transfer that is broken off.
  Status given_up(Code code) const;
  HttpResponse take_response();

 private:
  struct FreeList {
    void operator()(curl_slist* list) const;
  };

  void set_headers(const HttpRequest& request);
  void set_body(const HttpRequest& request);
  static std::size_t take_header(char* data, std::size_t size, std::size_t count, void* self);
  static std::size_t take_body(char* data, std::size_t size, std::size_t count, void* self);
  bool anything_sent() const;

  void* easy_;
  const std::string what_;  ///< method and host, for errors: a query may hold secrets
  const std::size_t body_bytes_max_;
  std::unique_ptr<curl_slist, FreeList> headers_;
  HttpResponse response_;
  bool too_big_ = false;
  char error_[256] = {};  // CURL_ERROR_SIZE
};

}  // namespace waybill::curl
