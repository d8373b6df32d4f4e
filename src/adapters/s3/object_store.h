#pragma once

#include <atomic>
#include <cstddef>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include "adapters/s3/address.h"
#include "core/aws/sigv4.h"
#include "ports/clock.h"
#include "ports/credentials.h"
#include "ports/http_client.h"
#include "ports/object_store.h"

namespace waybill {

struct S3ObjectStoreOptions {
  S3Address address;
  std::string endpoint{};  ///< empty: AWS. From AWS_ENDPOINT_URL_S3 or AWS_ENDPOINT_URL.
  std::size_t page_size = 1000;
  Duration request_timeout = std::chrono::seconds(60);
  bool conditional_put = true;  ///< what caps() say until probe_conditional_put() was asked
  /// Calls are given up then, with `cancelled`.
  std::stop_token stop{};
};

/// What an S3ObjectStore needs of others; they must outlive it.
struct S3ObjectStorePorts {
  HttpClient& http;
  AwsCredentialSource& credentials;
  Clock& clock;
};

/// A bucket of Amazon S3, or of a server that speaks as it does. Keys that are no UTF-8, or have a
/// segment of one or two dots, are refused by some servers. put_if_absent repeats by itself, so
/// that it can tell whether the object that is there then is ours. More errors than the port names:
/// `unauthenticated` (credentials refused), `failed_precondition` (wrong region, wrong clock),
/// `data_loss` (an answer that is none).
class S3ObjectStore final : public ObjectStore {
 public:
  S3ObjectStore(S3ObjectStoreOptions options, S3ObjectStorePorts ports);

  ObjectStoreCaps caps() const override {
    return {
        .conditional_put = conditional_put_, .any_bytes = false, .puts_at_once = conditional_put_};
  }
  std::string url() const override { return to_s3_url(options_.address); }
  Result<ListPage> list(const ListParams& params) override;
  Result<std::string> get(const std::string& key) override;
  Status put(const std::string& key, std::string_view body) override;
  Status put_if_absent(const std::string& key, std::string_view body) override;
  std::vector<Status> put_all_if_absent(std::span<const ObjectPut> puts) override;
  Status remove(const std::string& key) override;

  /// Whether the server honours `If-None-Match: *`: puts `key`, which must be the
  /// caller's own, twice and removes it. caps() say so from then on. Safe to repeat.
  Result<bool> probe_conditional_put(const std::string& key);

 private:
  struct Call {
    std::string method;
    std::string key{};    // empty: the bucket
    std::string query{};  // with its question mark
    HttpHeaders headers{};
    std::string_view body{};
    Repeat repeat = Repeat::safe;
  };

  Deadline deadline() const;
  Result<HttpResponse> send(const Call& call);
  Result<HttpRequest> signed_request(const Call& call, const AwsCredentials& credentials);
  Error refused(const HttpResponse& response, const Call& call) const;
  std::string what(const Call& call) const;
  Result<ListPage> list_once(const ListParams& params, std::size_t count);
  Result<bool> has_between(const std::string& prefix, const ListParams& params);
  Status fold_start(ListPage& page, const ListParams& params);
  Status cut_end(ListPage& page, const ListParams& params);
  static Call conditional_put(const std::string& key, std::string_view body);
  SteadyTime latest_repeat() const;
  Status put_conditionally(const std::string& key, std::string_view body);
  /// What becomes of a put after its first answer; none is sent again after `latest`.
  Status carry_on(const Call& call, Result<HttpResponse> response, SteadyTime latest);
  Status settle(const std::string& key, std::string_view body);

  const S3ObjectStoreOptions options_;
  const std::string bucket_url_;
  const S3ObjectStorePorts ports_;
  aws::Signer signer_;
  std::atomic<bool> conditional_put_;
};

}  // namespace waybill
