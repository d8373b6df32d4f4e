#include "adapters/gcs/object_store.h"

#include <algorithm>
#include <utility>

#include "adapters/gcs/refusal.h"
#include "adapters/gcs/wire.h"
#include "base/base64.h"
#include "base/check.h"
#include "base/digest.h"
#include "base/percent.h"
#include "base/utf8.h"

namespace waybill {
namespace {

constexpr std::size_t kKeyBytesMax = 1024;
constexpr int kSettlingsMax = 3;

/// Source: https://cloud.google.com/storage/docs/objects#naming
Status check_key(const std::string& key) {
  if (key.empty() || key.size() > kKeyBytesMax) {
    return fail(Code::invalid_argument,
                "a key has 1 to 1024 bytes, this one has " + std::to_string(key.size()));
  }
  const bool is_name = is_utf8(key) && key.find_first_of("\r\n") == key.npos;
  if (is_name && key != "." && key != "..") return {};
  return fail(Code::invalid_argument,
              "a key is UTF-8 without line ends, and neither . nor ..: this one is not");
}

bool is_success(const HttpResponse& response) {
  return response.status >= 200 && response.status < 300;
}

/// The prefix that `key` is folded into; empty: none.
std::string folded_into(const std::string& key, const ListParams& params) {
  if (params.delimiter.empty() || !key.starts_with(params.prefix)) return {};
  const std::size_t at = key.find(params.delimiter, params.prefix.size());
  return at == std::string::npos ? std::string() : key.substr(0, at + params.delimiter.size());
}

/// Takes out what lies outside of the bounds: the service's lower bound is inclusive, and some
/// emulators know none.
void cut(ListPage& page, const ListParams& params) {
  const std::string& start = params.start_after;
  const std::string& end = params.end_before;
  if (!start.empty()) {
    std::erase_if(page.objects, [&](const auto& object) { return object.key <= start; });
  }
  if (end.empty()) return;
  const auto is_beyond = [&](const std::string& key) { return key >= end; };
  std::size_t beyond =
      std::erase_if(page.objects, [&](const auto& object) { return is_beyond(object.key); });
  beyond += std::erase_if(page.prefixes, is_beyond);
  if (beyond > 0) page.next_token.clear();
}

/// Whether the body is what the server says that it stores.
bool is_intact(const HttpResponse& response) {
  const std::string_view encoding = header(response, "x-goog-stored-content-encoding");
  if (!encoding.empty() && encoding != "identity") return true;  // the hash is of what is stored
  constexpr std::string_view kName = "md5=";
  for (const auto& [name, value] : response.headers) {
    const std::size_t at = name == "x-goog-hash" ? value.find(kName) : std::string::npos;
    if (at == std::string::npos) continue;
    const std::size_t begin = at + kName.size();
    return value.substr(begin, value.find(',', begin) - begin) == to_base64(md5(response.body));
  }
  return true;
}

}  // namespace

std::string gcs_endpoint(const std::map<std::string, std::string>& environment) {
  const auto found = environment.find("STORAGE_EMULATOR_HOST");
  std::string endpoint = found == environment.end() ? "" : found->second;
  while (endpoint.ends_with('/')) endpoint.pop_back();
  if (endpoint.empty()) return "https://storage.googleapis.com";
  return endpoint.find("://") == endpoint.npos ? "http://" + endpoint : endpoint;
}

GcsObjectStore::GcsObjectStore(GcsObjectStoreOptions options, GcsObjectStorePorts ports)
    : options_(std::move(options)),
      bucket_path_("/b/" + to_percent(options_.bucket) + "/o"),
      ports_(ports) {
  WAYBILL_CHECK(!options_.writer.empty(), "a store names its puts");
}

std::string GcsObjectStore::what(const Call& call) const {
  return call.method + ' ' + url() + (call.key.empty() ? "" : ", object '" + call.key + "'");
}

Error GcsObjectStore::refused(const HttpResponse& response, const Call& call) const {
  return gcs::refusal(response, what(call), ports_.clock.now());
}

std::string GcsObjectStore::object_url(const std::string& key) const {
  return options_.endpoint + "/storage/v1" + bucket_path_ + '/' + to_percent(key);
}

Deadline GcsObjectStore::deadline() const {
  return {.at = ports_.clock.steady_now() + options_.request_timeout, .stop = options_.stop};
}

Result<HttpResponse> GcsObjectStore::send(HttpRequest request, const Call& call) {
  const Deadline until = deadline();
  const auto token = ports_.tokens.token(until);
  if (!token) return fail(with_context(token.error(), what(call)));
  if (!token->empty()) request.headers.emplace_back("authorization", "Bearer " + *token);
  request.method = call.method;
  auto response = ports_.http.send(request, until);
  if (!response) return fail(with_context(response.error(), what(call)));
  return response;
}

Result<ListPage> GcsObjectStore::list_once(const ListParams& params, std::size_t count) {
  std::string fields = "nextPageToken,items(name";
  fields += params.detail == ListDetail::full ? ",size,updated)" : ")";
  if (!params.delimiter.empty()) fields += ",prefixes";
  std::string query = "?maxResults=" + std::to_string(count) + "&fields=" + to_percent(fields);
  const auto add = [&](std::string_view name, const std::string& value) {
    if (!value.empty()) query.append("&").append(name).append("=").append(to_percent(value));
  };
  add("prefix", params.prefix);
  add("delimiter", params.delimiter);
  add("startOffset", params.start_after);
  add("endOffset", params.end_before);
  add("pageToken", params.token);
  const Call call{.method = "GET", .key = ""};
  const auto response =
      send({.url = options_.endpoint + "/storage/v1" + bucket_path_ + query}, call);
  if (!response) return fail(response.error());
  if (!is_success(*response)) return fail(refused(*response, call));
  auto page = gcs::parse_listing(response->body);
  if (!page) return fail(with_context(page.error(), what(call)));
  cut(*page, params);
  return page;
}

/// Whether an object begins so and lies within the bounds.
Result<bool> GcsObjectStore::has_between(const std::string& prefix, const ListParams& params) {
  ListParams narrow{.prefix = prefix,
                    .start_after = params.start_after,
                    .end_before = params.end_before,
                    .detail = ListDetail::keys_only};
  do {
    const auto page = list_once(narrow, 2);  // the first may be the bound itself
    if (!page) return fail(page.error());
    if (!page->objects.empty()) return true;
    if (!page->next_token.empty() && page->next_token == narrow.token) {
      return fail(Code::data_loss, "listing " + url() + ": the server gives one page for ever");
    }
    narrow.token = page->next_token;
  } while (!narrow.token.empty());
  return false;
}

/// It is not written down whether the service folds before or after it looks at the bounds:
/// decides for the two prefixes where it matters.
Status GcsObjectStore::fold_bounds(ListPage& page, const ListParams& params) {
  const std::string first = folded_into(params.start_after, params);
  if (!first.empty()) std::erase(page.prefixes, first);
  if (!first.empty() && params.token.empty()) {
    const auto has = has_between(first, params);
    if (!has) return fail(has.error());
    if (*has) page.prefixes.insert(page.prefixes.begin(), first);
  }
  const std::string last = folded_into(params.end_before, params);
  if (last.empty() || last == first || page.prefixes.empty() || page.prefixes.back() != last) {
    return {};
  }
  const auto has = has_between(last, params);
  if (!has) return fail(has.error());
  if (!*has) page.prefixes.pop_back();
  return {};
}

Result<ListPage> GcsObjectStore::list(const ListParams& params) {
  if (!params.end_before.empty() &&
      std::max(params.start_after, params.prefix) >= params.end_before) {
    return ListPage{};
  }
  auto page = list_once(params, options_.page_size);
  if (!page) return page;
  if (const Status folded = fold_bounds(*page, params); !folded) return fail(folded.error());
  return page;
}

Result<std::string> GcsObjectStore::get(const std::string& key) {
  if (const Status fine = check_key(key); !fine) return fail(fine.error());
  const Call call{.method = "GET", .key = key};
  auto response = send({.url = object_url(key) + "?alt=media"}, call);
  if (!response) return fail(response.error());
  if (!is_success(*response)) return fail(refused(*response, call));
  if (!is_intact(*response)) {
    return fail(Code::unavailable, what(call) + ": the body was changed on its way; try again");
  }
  return std::move(response->body);
}

HttpRequest GcsObjectStore::upload_request(const std::string& key, const std::string& put_name,
                                           std::string_view body) const {
  gcs::Upload upload = gcs::multipart_upload(key, put_name, body);
  std::string url = options_.endpoint + "/upload/storage/v1" + bucket_path_ +
                    "?uploadType=multipart&fields=generation";
  if (!put_name.empty()) url += "&ifGenerationMatch=0";
  return {.method = "POST",
          .url = std::move(url),
          .headers = {{"content-type", std::move(upload.content_type)}},
          .body = std::move(upload.body)};
}

Result<HttpResponse> GcsObjectStore::upload(const std::string& key, const std::string& put_name,
                                            std::string_view body) {
  const Call call{.method = "POST", .key = key};
  return check_upload(send(upload_request(key, put_name, body), call), key);
}

Result<HttpResponse> GcsObjectStore::check_upload(Result<HttpResponse> response,
                                                  const std::string& key) const {
  if (response && is_success(*response) && !gcs::is_upload_answer(response->body)) {
    return fail(Code::unavailable,
                what({.method = "POST", .key = key}) +
                    ": the answer is none of Cloud Storage's; does a proxy stand before it?");
  }
  return response;
}

Status GcsObjectStore::put(const std::string& key, std::string_view body) {
  if (Status fine = check_key(key); !fine) return fine;
  const auto response = upload(key, "", body);
  if (!response) return fail(response.error());
  if (!is_success(*response)) return fail(refused(*response, {.method = "POST", .key = key}));
  return {};
}

Status GcsObjectStore::put_if_absent(const std::string& key, std::string_view body) {
  if (Status fine = check_key(key); !fine) return fine;
  const std::string put_name = next_put_name();
  return settle({key, body}, put_name, upload(key, put_name, body));
}

std::vector<Status> GcsObjectStore::put_all_if_absent(std::span<const ObjectPut> puts) {
  const Deadline until = deadline();
  const auto token = ports_.tokens.token(until);
  std::vector<std::string> names;
  std::vector<HttpRequest> requests;
  for (const auto& [key, body] : puts) {
    if (!token || !check_key(key)) break;
    names.push_back(next_put_name());
    requests.push_back(upload_request(key, names.back(), body));
    if (token->empty()) continue;
    requests.back().headers.emplace_back("authorization", "Bearer " + *token);
  }
  // One by one they say what is wrong.
  if (requests.size() < puts.size()) return ObjectStore::put_all_if_absent(puts);
  auto responses = ports_.http.send_all(requests, until);
  std::vector<Status> done;
  done.reserve(puts.size());
  for (std::size_t i = 0; i < puts.size(); ++i) {
    const Call call{.method = "POST", .key = puts[i].key};
    if (!responses[i]) responses[i] = fail(with_context(responses[i].error(), what(call)));
    done.push_back(settle(puts[i], names[i], check_upload(std::move(responses[i]), puts[i].key)));
  }
  return done;
}

Status GcsObjectStore::settle(const ObjectPut& put, const std::string& put_name,
                              Result<HttpResponse> response) {
  const std::string& key = put.key;
  for (int settling = 0;; ++settling) {
    if (!response) return fail(response.error());
    if (is_success(*response)) return {};
    if (response->status != 412) {
      return fail(refused(*response, {.method = "POST", .key = key}));
    }
    // A client below may have repeated a request whose answer was lost.
    const auto is_ours = is_of_put(key, put_name);
    if (is_ours && *is_ours) return {};
    const Code code = is_ours ? Code::already_exists : is_ours.error().code;
    if (code == Code::already_exists || code == Code::permission_denied) {
      return fail(Code::already_exists, "object '" + key + "' of " + url() + " is there");
    }
    if (code != Code::not_found) return fail(is_ours.error());
    if (settling + 1 == kSettlingsMax) break;
    response = upload(key, put_name, put.body);
  }
  return fail(Code::unavailable, "object '" + key + "' of " + url() + " comes and goes; try again");
}

Result<bool> GcsObjectStore::is_of_put(const std::string& key, const std::string& put_name) {
  const Call call{.method = "GET", .key = key};
  const auto response = send({.url = object_url(key) + "?fields=metadata"}, call);
  if (!response) return fail(response.error());
  if (!is_success(*response)) return fail(refused(*response, call));
  return gcs::parse_put_name(response->body) == put_name;
}

Status GcsObjectStore::remove(const std::string& key) {
  if (const Status fine = check_key(key); !fine) return fine;
  const Call call{.method = "DELETE", .key = key};
  const auto response = send({.url = object_url(key)}, call);
  if (!response) return fail(response.error());
  if (is_success(*response)) return {};
  if (response->status == 404 && !gcs::is_missing_bucket(*response)) return {};
  return fail(refused(*response, call));
}

}  // namespace waybill
