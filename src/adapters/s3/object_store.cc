#include "adapters/s3/object_store.h"

#include <algorithm>
#include <iterator>

#include "adapters/s3/refusal.h"
#include "adapters/s3/wire.h"
#include "base/base64.h"
#include "base/digest.h"
#include "base/percent.h"

namespace waybill {
namespace {

constexpr std::size_t kKeyBytesMax = 1024;
constexpr int kAttemptsMax = 5;
constexpr std::size_t kSignatureHeadersMax = 4;
constexpr Duration kFirstWait = std::chrono::milliseconds(50);

Status check_key(const std::string& key) {
  if (!key.empty() && key.size() <= kKeyBytesMax) return {};
  return fail(Code::invalid_argument,
              "a key has 1 to 1024 bytes, this one has " + std::to_string(key.size()));
}

HttpHeaders body_headers(std::string_view body) { return {{"content-md5", to_base64(md5(body))}}; }

bool is_success(const HttpResponse& response) {
  return response.status >= 200 && response.status < 300;
}

/// Answers to a put have no body: an error may come under a status of success, and so may the page
/// of a proxy.
bool is_put(const HttpResponse& response) {
  return is_success(response) && !response.body.starts_with('<');
}

/// The server may have done what it was asked to do.
bool is_doubtful(const Result<HttpResponse>& response) {
  if (response) {
    return is_success(*response) || (response->status >= 500 && response->status != 501);
  }
  return response.error().code == Code::aborted || response.error().code == Code::deadline_exceeded;
}

/// The prefix that `key` is folded into; empty: none.
std::string folded_into(const std::string& key, const ListParams& params) {
  if (params.delimiter.empty() || !key.starts_with(params.prefix)) return {};
  const std::size_t at = key.find(params.delimiter, params.prefix.size());
  return at == std::string::npos ? std::string() : key.substr(0, at + params.delimiter.size());
}

}  // namespace

S3ObjectStore::S3ObjectStore(S3ObjectStoreOptions options, S3ObjectStorePorts ports)
    : options_(std::move(options)),
      bucket_url_(bucket_endpoint(options_.address, options_.endpoint)),
      ports_(ports),
      signer_(options_.address.region, "s3"),
      conditional_put_(options_.conditional_put) {}

std::string S3ObjectStore::what(const Call& call) const {
  return call.method + ' ' + url() + (call.key.empty() ? "" : ", object '" + call.key + "'");
}

Error S3ObjectStore::refused(const HttpResponse& response, const Call& call) const {
  return s3::refusal(response, options_.address, what(call), ports_.clock.now());
}

Deadline S3ObjectStore::deadline() const {
  return {.at = ports_.clock.steady_now() + options_.request_timeout, .stop = options_.stop};
}

Result<HttpRequest> S3ObjectStore::signed_request(const Call& call,
                                                  const AwsCredentials& credentials) {
  HttpRequest request{.method = call.method,
                      .url = bucket_url_ + '/' + to_percent(call.key, "/") + call.query,
                      .headers = {},
                      .body = std::string(call.body),
                      .repeat = call.repeat};
  request.headers.reserve(call.headers.size() + kSignatureHeadersMax);
  request.headers = call.headers;
  auto added = signer_.sign({.method = request.method,
                             .url = request.url,
                             .headers = request.headers,
                             .body = request.body},
                            signing_key(credentials), ports_.clock.now());
  if (!added) return fail(with_context(added.error(), what(call)));
  std::move(added->begin(), added->end(), std::back_inserter(request.headers));
  return request;
}

Result<HttpResponse> S3ObjectStore::send(const Call& call) {
  const Deadline until = deadline();
  const auto credentials = ports_.credentials.credentials(until);
  if (!credentials) return fail(with_context(credentials.error(), what(call)));
  const auto request = signed_request(call, *credentials);
  if (!request) return fail(request.error());
  auto response = ports_.http.send(*request, until);
  if (!response) return fail(with_context(response.error(), what(call)));
  return response;
}

Result<ListPage> S3ObjectStore::list_once(const ListParams& params, std::size_t count) {
  std::string query = "?list-type=2&encoding-type=url&max-keys=" + std::to_string(count);
  const auto add = [&](std::string_view name, const std::string& value) {
    if (!value.empty()) query.append("&").append(name).append("=").append(to_percent(value));
  };
  add("prefix", params.prefix);
  add("delimiter", params.delimiter);
  add("continuation-token", params.token);
  if (params.token.empty()) add("start-after", params.start_after);
  const Call call{.method = "GET", .query = query};
  const auto response = send(call);
  if (!response) return fail(response.error());
  if (!is_success(*response)) return fail(refused(*response, call));
  auto page = s3::parse_listing(response->body);
  if (!page) return fail(with_context(page.error(), what(call)));
  return page;
}

/// Whether an object begins so and lies within the bounds.
Result<bool> S3ObjectStore::has_between(const std::string& prefix, const ListParams& params) {
  const auto page = list_once({.prefix = prefix, .start_after = params.start_after}, 1);
  if (!page) return fail(page.error());
  return !page->objects.empty() &&
         (params.end_before.empty() || page->objects[0].key < params.end_before);
}

/// Servers differ in whether they fold before or after they look at start-after: decides for the
/// one prefix where it matters.
Status S3ObjectStore::fold_start(ListPage& page, const ListParams& params) {
  const std::string prefix = folded_into(params.start_after, params);
  if (prefix.empty() || !params.token.empty()) return {};
  std::erase(page.prefixes, prefix);
  const auto has = has_between(prefix, params);
  if (!has) return fail(has.error());
  if (*has) page.prefixes.insert(page.prefixes.begin(), prefix);
  return {};
}

Status S3ObjectStore::cut_end(ListPage& page, const ListParams& params) {
  const std::string& end = params.end_before;
  if (end.empty()) return {};
  std::size_t cut =
      std::erase_if(page.objects, [&](const auto& object) { return object.key >= end; });
  cut += std::erase_if(page.prefixes, [&](const auto& prefix) { return prefix >= end; });
  const std::string last = folded_into(end, params);
  if (!last.empty() && !page.prefixes.empty() && page.prefixes.back() == last) {
    ++cut;  // whatever comes after it is at the end or beyond
    const auto has = has_between(last, params);
    if (!has) return fail(has.error());
    if (!*has) page.prefixes.pop_back();
  }
  if (cut > 0) page.next_token.clear();
  return {};
}

Result<ListPage> S3ObjectStore::list(const ListParams& params) {
  if (!params.end_before.empty() &&
      std::max(params.start_after, params.prefix) >= params.end_before) {
    return ListPage{};
  }
  auto page = list_once(params, options_.page_size);
  if (!page) return page;
  if (const Status folded = fold_start(*page, params); !folded) return fail(folded.error());
  if (const Status cut = cut_end(*page, params); !cut) return fail(cut.error());
  return page;
}

Result<std::string> S3ObjectStore::get(const std::string& key) {
  if (const Status fine = check_key(key); !fine) return fail(fine.error());
  const Call call{.method = "GET", .key = key};
  auto response = send(call);
  if (!response) return fail(response.error());
  if (!is_success(*response)) return fail(refused(*response, call));
  return std::move(response->body);
}

Status S3ObjectStore::put(const std::string& key, std::string_view body) {
  if (Status fine = check_key(key); !fine) return fine;
  const Call call{.method = "PUT", .key = key, .headers = body_headers(body), .body = body};
  const auto response = send(call);
  if (!response) return fail(response.error());
  if (!is_put(*response)) return fail(refused(*response, call));
  return {};
}

Status S3ObjectStore::put_if_absent(const std::string& key, std::string_view body) {
  if (Status fine = check_key(key); !fine) return fine;
  if (conditional_put_) return put_conditionally(key, body);
  const auto there = get(key);
  if (there) return fail(Code::already_exists, "object '" + key + "' of " + url() + " is there");
  if (there.error().code != Code::not_found) return fail(there.error());
  return put(key, body);
}

S3ObjectStore::Call S3ObjectStore::conditional_put(const std::string& key, std::string_view body) {
  Call call{.method = "PUT",
            .key = key,
            .headers = body_headers(body),
            .body = body,
            .repeat = Repeat::never};
  call.headers.emplace_back("if-none-match", "*");
  return call;
}

/// So that a request whose time ran out is tried once more, but nobody is waited for till tomorrow.
SteadyTime S3ObjectStore::latest_repeat() const {
  return ports_.clock.steady_now() + 2 * options_.request_timeout;
}

Status S3ObjectStore::put_conditionally(const std::string& key, std::string_view body) {
  const SteadyTime latest = latest_repeat();
  const Call call = conditional_put(key, body);
  return carry_on(call, send(call), latest);
}

std::vector<Status> S3ObjectStore::put_all_if_absent(std::span<const ObjectPut> puts) {
  const SteadyTime latest = latest_repeat();
  const Deadline until = deadline();
  const auto credentials = ports_.credentials.credentials(until);
  std::vector<Call> calls;
  std::vector<HttpRequest> requests;
  for (const auto& [key, body] : puts) {
    if (!conditional_put_ || !credentials || !check_key(key)) break;
    calls.push_back(conditional_put(key, body));
    auto request = signed_request(calls.back(), *credentials);
    if (!request) break;
    requests.push_back(std::move(*request));
  }
  // One by one they say what is wrong.
  if (requests.size() < puts.size()) return ObjectStore::put_all_if_absent(puts);
  auto responses = ports_.http.send_all(requests, until);
  std::vector<Status> done;
  done.reserve(puts.size());
  for (std::size_t i = 0; i < puts.size(); ++i) {
    if (!responses[i]) responses[i] = fail(with_context(responses[i].error(), what(calls[i])));
    done.push_back(carry_on(calls[i], std::move(responses[i]), latest));
  }
  return done;
}

Status S3ObjectStore::carry_on(const Call& call, Result<HttpResponse> response, SteadyTime latest) {
  bool may_be_ours = false;
  Error last;
  Duration backoff = kFirstWait;
  for (int attempt = 1;; ++attempt) {
    if (response && is_put(*response)) return {};
    if (response && response->status == 412) {
      if (may_be_ours) return settle(call.key, call.body);
      return fail(Code::already_exists, "object '" + call.key + "' of " + url() + " is there");
    }
    last = response ? refused(*response, call) : response.error();
    const bool doubtful = is_doubtful(response);
    const bool rival_is_writing = response && response->status == 409;
    if (!doubtful && !rival_is_writing) return fail(std::move(last));
    may_be_ours = may_be_ours || doubtful;
    if (attempt == kAttemptsMax) break;
    const Duration wait = std::max(backoff, last.retry_after.value_or(Duration(0)));
    const SteadyTime next = ports_.clock.steady_now() + wait;
    if (next >= latest) break;
    ports_.clock.wait_until(next, options_.stop);
    if (options_.stop.stop_requested()) break;
    backoff *= 2;
    response = send(call);
  }
  last.code = Code::unavailable;
  return fail(std::move(last));
}

/// An answer was lost, and now there is an object: whose?
Status S3ObjectStore::settle(const std::string& key, std::string_view body) {
  const auto there = get(key);
  if (!there) return fail(there.error());
  if (*there == body) return {};
  return fail(Code::already_exists, "object '" + key + "' of " + url() + " is there");
}

Status S3ObjectStore::remove(const std::string& key) {
  if (const Status fine = check_key(key); !fine) return fine;
  const Call call{.method = "DELETE", .key = key};
  const auto response = send(call);
  if (!response) return fail(response.error());
  if (is_success(*response) || s3::parse_error(response->body).code == "NoSuchKey") return {};
  return fail(refused(*response, call));
}

Result<bool> S3ObjectStore::probe_conditional_put(const std::string& key) {
  bool refused_second = false;
  for (int put = 0; put < 2 && !refused_second; ++put) {
    const Status done = put_conditionally(key, "probe " + std::to_string(put));
    if (done) continue;
    if (done.error().code == Code::unimplemented) break;
    if (done.error().code != Code::already_exists) return fail(done.error());
    refused_second = true;
  }
  // What may not be removed is left to the bucket's lifecycle.
  const Status removed = remove(key);
  if (!removed && removed.error().code != Code::permission_denied) return fail(removed.error());
  conditional_put_ = refused_second;
  return refused_second;
}

}  // namespace waybill
