#include "http/console.h"

#include <algorithm>
#include <string>

#include "http/gzip.h"

namespace waybill::http {
namespace {

constexpr std::string_view kPlace = "/console/";
/// Nothing but our own files and our own API; no script or style in the page itself.
constexpr const char* kPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; font-src 'self'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'";

Response to_console() {
  return {.status = 302,
          .body = {},
          .content_type = {},
          .headers = {{"Location", std::string(kPlace)}, {"Cache-Control", "no-cache"}},
          .stream = nullptr};
}

/// The file of this name, or the index for what is none. Null: an asset that is gone, or there is
/// no console.
const ConsoleFile* find(std::span<const ConsoleFile> files, std::string_view name) {
  auto found = std::ranges::find(files, name, &ConsoleFile::path);
  if (found == files.end() && !name.starts_with("assets/"))
    found = std::ranges::find(files, "index.html", &ConsoleFile::path);
  return found == files.end() ? nullptr : &*found;
}

void add_headers(const ConsoleFile& file, Response& response) {
  for (const auto& [name, value] : std::initializer_list<std::pair<const char*, const char*>>{
           {"Content-Security-Policy", kPolicy},
           {"X-Content-Type-Options", "nosniff"},
           {"Referrer-Policy", "no-referrer"},
           {"Cross-Origin-Opener-Policy", "same-origin"},
           {"Cache-Control",
            file.is_hashed ? "public, max-age=31536000, immutable" : "no-cache"}}) {
    response.headers.emplace_back(name, value);
  }
}

Response serve(const ConsoleFile& file, const Request& request) {
  const std::string_view accepted = request.header("accept-encoding");
  std::string_view coding;
  std::string_view body = file.plain;
  if (!file.brotli.empty() && takes_coding(accepted, "br")) {
    coding = "br";
    body = file.brotli;
  } else if (!file.gzip.empty() && takes_gzip(accepted)) {
    coding = "gzip";
    body = file.gzip;
  }
  // A strong ETag stands for the bytes as they are sent.
  const std::string etag =
      "\"" + std::string(file.etag) + (coding.empty() ? "" : "-") + std::string(coding) + "\"";
  Response response{.body = {}, .content_type = {}, .headers = {{"ETag", etag}}, .stream = nullptr};
  add_headers(file, response);
  if (!file.gzip.empty()) response.headers.emplace_back("Vary", "Accept-Encoding");
  response.body = body;  // of a 304 its length alone is told
  if (request.header("if-none-match").find(etag) != std::string_view::npos) {
    response.status = 304;
    return response;
  }
  if (!coding.empty()) response.headers.emplace_back("Content-Encoding", coding);
  response.content_type = file.type;
  return response;
}

}  // namespace

std::optional<Response> console_answer(const Request& request, std::span<const ConsoleFile> files) {
  if (files.empty() || (request.method != "GET" && request.method != "HEAD")) return std::nullopt;
  if (request.path == "/" || request.path == "/console") return to_console();
  if (!request.path.starts_with(kPlace)) return std::nullopt;
  const ConsoleFile* const file = find(files, std::string_view(request.path).substr(kPlace.size()));
  if (file == nullptr) return std::nullopt;
  return serve(*file, request);
}

}  // namespace waybill::http
