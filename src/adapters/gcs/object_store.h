#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <stop_token>
#include <string>
#include <string_view>

#include "ports/clock.h"
#include "ports/credentials.h"
#include "ports/http_client.h"
#include "ports/object_store.h"

namespace waybill {

/// Google's endpoint, or the one that STORAGE_EMULATOR_HOST names, with or without a scheme. An
/// emulator must not be sent anybody's token. Without a trailing slash.
std::string gcs_endpoint(const std::map<std::string, std::string>& environment);

struct GcsObjectStoreOptions {
  std::string bucket;
  /// Not empty, and never that of another store: so an object tells which put it was written by.
  std::string writer;
  std::string endpoint = "https://storage.googleapis.com";
  std::size_t page_size = 1000;
  Duration request_timeout = std::chrono::seconds(60);
  /// Calls are given up then, with `cancelled`.
  std::stop_token stop{};
};

/// What a GcsObjectStore needs of others; they must outlive it.
struct GcsObjectStorePorts {
  HttpClient& http;
  TokenSource& tokens;
  Clock& clock;
};

/// A bucket of Google Cloud Storage, by its JSON API. Keys with CR or LF are refused. Uploads carry
/// their MD5, which the server checks; downloads are checked here. put_if_absent writes the name of
/// the put into the object's metadata, so that a client that repeats requests may stand below: on
/// "there is one" it looks whose it is. More errors than the port names: `unauthenticated` (token
/// refused), `data_loss` (an answer that is none). Tries nothing twice else: that is the client's
/// part. Source: https://cloud.google.com/storage/docs/json_api/v1
class GcsObjectStore final : public ObjectStore {
 public:
  GcsObjectStore(GcsObjectStoreOptions options, GcsObjectStorePorts ports);

  ObjectStoreCaps caps() const override {
    return {.conditional_put = true, .any_bytes = false, .puts_at_once = true};
  }
  std::string url() const override { return "gs://" + options_.bucket; }
  Result<ListPage> list(const ListParams& params) override;
  Result<std::string> get(const std::string& key) override;
  Status put(const std::string& key, std::string_view body) override;
  Status put_if_absent(const std::string& key, std::string_view body) override;
  std::vector<Status> put_all_if_absent(std::span<const ObjectPut> puts) override;
  Status remove(const std::string& key) override;

 private:
  /// What is done to which object (empty: the bucket), for messages.
  struct Call {
    std::string method;
    std::string key;
  };

  Result<HttpResponse> send(HttpRequest request, const Call& call);
  Error refused(const HttpResponse& response, const Call& call) const;
  std::string what(const Call& call) const;
  std::string object_url(const std::string& key) const;
  Result<ListPage> list_once(const ListParams& params, std::size_t count);
  Result<bool> has_between(const std::string& prefix, const ListParams& params);
  Status fold_bounds(ListPage& page, const ListParams& params);
  Deadline deadline() const;
  HttpRequest upload_request(const std::string& key, const std::string& put_name,
                             std::string_view body) const;
  Result<HttpResponse> upload(const std::string& key, const std::string& put_name,
                              std::string_view body);
  /// An answer of success that is none of the service's is an error.
  Result<HttpResponse> check_upload(Result<HttpResponse> response, const std::string& key) const;
  std::string next_put_name() { return options_.writer + '-' + std::to_string(++puts_); }
  /// What becomes of a put after its first answer.
  Status settle(const ObjectPut& put, const std::string& put_name, Result<HttpResponse> response);
  /// Whether the object that is there was written by that put; `not_found`: now there is none.
  Result<bool> is_of_put(const std::string& key, const std::string& put_name);

  const GcsObjectStoreOptions options_;
  const std::string bucket_path_;  // /b/BUCKET/o
  const GcsObjectStorePorts ports_;
  std::atomic<std::uint64_t> puts_ = 0;
};

}  // namespace waybill
