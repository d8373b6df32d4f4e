#include <boost/json.hpp>

#include "base/json.h"
#include "http/target.h"
#include "tests/api/api_fixture.h"

namespace waybill::http {

ApiFixture::ApiFixture() {
  gate_.asks = [this]() -> Result<bool> {
    if (nobody_can_say_) return fail(Code::deadline_exceeded, "the ledger is silent");
    return !principals_.empty();
  };
  gate_.authenticate = [this](std::string_view token) -> Result<Principal> {
    const auto found = principals_.find(std::string(token));
    if (found == principals_.end()) return fail(Code::unauthenticated, "no such token");
    return found->second;
  };
  api_ = Api::create(parts_, metrics_, gate_).value();
}

Request ApiFixture::request(std::string method, const std::string& target, std::string body,
                            Pairs headers) {
  const auto parsed = parse_target(target).value();
  if (!body.empty()) headers.emplace_back("content-type", "application/json");
  headers.emplace_back("host", "127.0.0.1:8470");
  return {.method = std::move(method),
          .path = parsed.path,
          .segments = parsed.segments,
          .query = parsed.query,
          .headers = std::move(headers),
          .body = std::move(body),
          .peer = "127.0.0.1",
          .came_at = clock_.steady_now()};
}

Response ApiFixture::ask(const Request& request) {
  return std::get<Response>(api_->handle(request));
}

Response ApiFixture::get(const std::string& target, Pairs headers) {
  return ask(request("GET", target, "", std::move(headers)));
}

Response ApiFixture::post(const std::string& target, std::string body, Pairs headers) {
  return ask(request("POST", target, std::move(body), std::move(headers)));
}

boost::json::object ApiFixture::json_of(const Response& response) {
  return json::parse(response.body).value().get_object();
}

std::string ApiFixture::header(const Response& response, std::string_view name) {
  for (const auto& [other, value] : response.headers) {
    if (other == name) return value;
  }
  return "";
}

std::string ApiFixture::create(std::string body) {
  const Response response = post("/v1/tasks", std::move(body));
  EXPECT_EQ(response.status, 201) << response.body;
  return std::string(json_of(response).at("task").at("id").get_string());
}

}  // namespace waybill::http
