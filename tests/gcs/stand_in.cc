#include "tests/gcs/stand_in.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>

namespace waybill {
namespace {

/// Unlike any other of this program.
std::string next_name(const std::string& kind) {
  static std::atomic<int> count = 0;
  return kind + "-" + std::to_string(++count);
}

}  // namespace

StandIn::StandIn(const std::vector<std::string>& options) {
  std::vector<std::string> command = {find_program("python3"),
                                      "-B",
                                      "tests/servers/gcs_stand_in.py",
                                      "--port",
                                      std::to_string(port_),
                                      "--token",
                                      kStandInToken};
  command.insert(command.end(), options.begin(), options.end());
  EXPECT_TRUE(server_.start({.command = command,
                             .environment = {{"PATH", std::getenv("PATH")}},
                             .ready = [this] { return accepts(port_); }}));
}

std::string StandIn::make_bucket() const {
  const std::string name = next_name("bucket");
  SystemClock clock;
  const auto curl = CurlHttpClient::create(clock).value();
  const auto response =
      curl->send({.method = "POST",
                  .url = endpoint() + "/storage/v1/b?project=tests",
                  .headers = {{"authorization", std::string("Bearer ") + kStandInToken}},
                  .body = R"({"name":")" + name + "\"}"},
                 {.at = clock.steady_now() + std::chrono::seconds(30)});
  EXPECT_TRUE(response && response->status == 200)
      << (response ? response->body : response.error().message);
  return name;
}

StandIn& stand_in() {
  static StandIn one;
  return one;
}

StandIn& stand_in_that_folds_first() {
  static StandIn one({"--fold-first"});
  return one;
}

GcsBucket::GcsBucket(const GcsBucketParams& params)
    : token(params.token),
      store(std::make_unique<GcsObjectStore>(
          GcsObjectStoreOptions{.bucket = params.name,
                                .writer = next_name("test"),
                                .endpoint = params.endpoint,
                                .page_size = params.page_size},
          GcsObjectStorePorts{.http = http, .tokens = token, .clock = clock})) {}

}  // namespace waybill
