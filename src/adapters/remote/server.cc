#include "adapters/remote/server.h"

#include <boost/json.hpp>
#include <charconv>
#include <utility>

#include "base/json.h"
#include "base/uuid.h"

namespace waybill {
namespace {

namespace bj = boost::json;

constexpr std::size_t kDetailBytesMax = 1000;

/// What a problem says (RFC 9457); empty if it is none.
std::string detail_of(const HttpResponse& response) {
  const auto body = json::parse(response.body);
  if (!body || !body->is_object()) return {};
  const bj::value* detail = body->get_object().if_contains("detail");
  if (detail == nullptr || !detail->is_string()) return {};
  return std::string(detail->get_string()).substr(0, kDetailBytesMax);
}

Code code_of(int status) {
  if (status == 404 || status == 410) return Code::not_found;
  if (status == 409) return Code::aborted;
  if (status == 413) return Code::out_of_range;
  if (status == 429 || status == 503 || status == 507) return Code::unavailable;
  if (status >= 500 && status != 501) return Code::unavailable;
  return Code::failed_precondition;
}

std::string_view advice_for(int status) {
  if (status == 401) return "; give a token by --token-file or WAYBILL_TOKEN";
  if (status == 403) return "; `waybill token create --role worker` makes a token that may";
  if (status < 400) return "; give the URL that `waybill serve` says";
  return "";
}

}  // namespace

RemoteServer::RemoteServer(HttpClient& http, Clock& clock, Rng rng, RemoteServerParams params)
    : http_(http), clock_(clock), params_(std::move(params)), rng_(rng) {}

Result<bj::value> RemoteServer::post(const std::string& path, std::string body,
                                     const RemotePatience& patience) {
  return post_as(new_key(), path, std::move(body), patience);
}

Result<bj::value> RemoteServer::post_as(const std::string& key, const std::string& path,
                                        std::string body, const RemotePatience& patience) {
  HttpRequest request{.method = "POST", .url = params_.url + path, .body = std::move(body)};
  request.headers = {{"Content-Type", "application/json"}, {"Idempotency-Key", key}};
  return send(std::move(request), path, patience);
}

Result<bj::value> RemoteServer::get(const std::string& path) {
  return send({.method = "GET", .url = params_.url + path}, path, {});
}

Result<bj::value> RemoteServer::put(const std::string& path, std::string body,
                                    const RemotePatience& patience) {
  return send({.method = "PUT",
               .url = params_.url + path,
               .headers = {{"Content-Type", "application/json"}},
               .body = std::move(body)},
              path, patience);
}

Result<bj::value> RemoteServer::put_bytes(const std::string& path, std::string body,
                                          const RemotePatience& patience) {
  return send({.method = "PUT",
               .url = params_.url + path,
               .headers = {{"Content-Type", "application/octet-stream"}},
               .body = std::move(body)},
              path, patience);
}

Result<RemoteServer::Piece> RemoteServer::get_bytes(const std::string& path, std::int64_t offset,
                                                    std::int64_t limit,
                                                    const RemotePatience& patience) {
  const std::string range =
      "bytes=" + std::to_string(offset) + "-" + std::to_string(offset + limit - 1);
  auto response = answer(
      {.method = "GET", .url = params_.url + path, .headers = {{"Range", range}}}, path, patience);
  if (!response) return fail(response.error());
  Piece piece{.bytes = std::move(response->body), .size_bytes = 0};
  const auto got = static_cast<std::int64_t>(piece.bytes.size());
  piece.size_bytes = got;
  if (response->status == 200 && offset == 0) return piece;
  const std::string_view said = header(*response, "content-range");
  const std::size_t slash = said.find('/');
  const std::string expected = "bytes " + std::to_string(offset) + "-";
  if (response->status != 206 || !said.starts_with(expected) || slash == said.npos) {
    return not_understood(path, "it is not the range that was asked for");
  }
  const std::string_view size = said.substr(slash + 1);
  const auto read = std::from_chars(size.data(), size.data() + size.size(), piece.size_bytes);
  if (read.ec != std::errc() || got == 0 || got > limit) {
    return not_understood(path, "its Content-Range does not fit what came");
  }
  return piece;
}

Result<bj::value> RemoteServer::send(HttpRequest request, const std::string& path,
                                     const RemotePatience& patience) {
  const auto response = answer(std::move(request), path, patience);
  if (!response) return fail(response.error());
  if (response->body.empty()) return bj::value(nullptr);
  auto body = json::parse(response->body);
  if (!body) return not_understood(path, body.error().message);
  return body;
}

Result<HttpResponse> RemoteServer::answer(HttpRequest request, const std::string& path,
                                          const RemotePatience& patience) {
  if (!params_.token.empty()) {
    request.headers.emplace_back("Authorization", "Bearer " + params_.token);
  }
  auto response = http_.send(
      request,
      {.at = clock_.steady_now() + params_.answer_within + patience.more, .stop = patience.stop});
  if (!response) {
    Error error = with_context(response.error(), "asking the server at " + params_.url);
    // Whether it was done or not: the worker asks again, and a fence keeps it from harm.
    const bool lost = error.code == Code::aborted || error.code == Code::deadline_exceeded;
    if (lost) error.code = Code::unavailable;
    return fail(std::move(error));
  }
  if (response->status < 200 || response->status > 299) return fail(refusal(*response, path));
  return response;
}

Error RemoteServer::refusal(const HttpResponse& response, const std::string& path) const {
  const std::string detail = detail_of(response);
  return {.code = code_of(response.status),
          .message = "the server at " + params_.url + " answered " + path + " with " +
                     std::to_string(response.status) + (detail.empty() ? "" : ": " + detail) +
                     std::string(advice_for(response.status))};
}

tl::unexpected<Error> RemoteServer::not_understood(const std::string& path,
                                                   std::string_view why) const {
  return fail(Code::failed_precondition,
              "what the server at " + params_.url + " answered to " + path +
                  " is not understood: " + std::string(why) +
                  "; is it `waybill serve`, of the version of this program?");
}

std::string RemoteServer::new_key() {
  const Lock lock(mutex_);
  return to_string(UuidMaker(rng_).next(clock_.now()));
}

}  // namespace waybill
