// The server that `make bench-scan` measures against: S3, SNS, Cloud Storage and Pub/Sub in memory.
// Prints its port. Under /bench/ the benchmark fills buckets, sets the delay and asks for counts.
#include <sys/prctl.h>

#include <boost/json.hpp>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <string>

#include "base/json.h"
#include "bench/cloud/http_loop.h"
#include "bench/cloud/services.h"
#include "bench/cloud/store.h"

namespace waybill::bench {
namespace {

std::uint64_t number(const CloudRequest& request, std::string_view name) {
  const std::string text = request.parameter(name);
  std::uint64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

/// Batches of one hour, `hour` being AGGREGATION/YYYY/MM/DD/HH, spread over its minutes.
void fill(CloudBucket& bucket, const std::string& hour, std::uint64_t batches) {
  for (std::uint64_t batch = 0; batch < batches; ++batch) {
    const std::uint64_t mixed = (batch + 1) * 0x9e3779b97f4a7c15ULL;
    char rest[64];
    const int size = std::snprintf(
        rest, sizeof rest, "/%02u/%08llx-b1a2-5c3d-8e4f-%012llx", static_cast<unsigned>(batch % 60),
        static_cast<unsigned long long>(mixed >> 32), static_cast<unsigned long long>(batch));
    const std::string name = hour + std::string(rest, static_cast<std::size_t>(size));
    for (const char* suffix : {".batch", ".batch.avro", ".batch.sig"}) bucket[name + suffix] = {};
  }
}

boost::json::object counts_of(const CloudState& state, const HttpLoop& loop) {
  const CloudCounts& counts = state.counts;
  std::uint64_t objects = 0;
  for (const auto& [name, bucket] : state.buckets) objects += bucket.size();
  return {{"list", counts.list},       {"get", counts.get},
          {"put", counts.put},         {"remove", counts.remove},
          {"publish", counts.publish}, {"messages", counts.messages},
          {"refused", counts.refused}, {"distinct_messages", state.trace_ids.size()},
          {"objects", objects},        {"connections", loop.connections()}};
}

/// What the benchmark asks for; never held back.
CloudResponse serve_bench(CloudState& state, HttpLoop& loop, const CloudRequest& request) {
  if (request.path == "/bench/reset") state = {};
  if (request.path == "/bench/bucket") {
    CloudBucket& bucket = state.buckets[request.parameter("name")];
    fill(bucket, request.parameter("hour"), number(request, "batches"));
  }
  if (request.path == "/bench/delay") loop.delay(std::chrono::milliseconds(number(request, "ms")));
  return {.body = json::serialize(counts_of(state, loop)), .at_once = true};
}

CloudResponse serve(CloudState& state, HttpLoop& loop, const CloudRequest& request) {
  const std::string_view path = request.path;
  if (path.starts_with("/bench/")) return serve_bench(state, loop, request);
  if (path.starts_with("/storage/v1/") || path.starts_with("/upload/storage/v1/")) {
    return serve_gcs(state, request);
  }
  if (path.starts_with("/v1/projects/")) return serve_pubsub(state, request);
  return path == "/" ? serve_sns(state, request) : serve_s3(state, request);
}

int run() {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  CloudState state;
  HttpLoop loop([&](const CloudRequest& request) { return serve(state, loop, request); });
  const auto port = loop.listen();
  if (!port) {
    std::fprintf(stderr, "%s\n", port.error().message.c_str());
    return 1;
  }
  std::printf("%u\n", *port);
  std::fflush(stdout);
  const Status served = loop.run();
  std::fprintf(stderr, "%s\n", served.error().message.c_str());
  return 1;
}

}  // namespace
}  // namespace waybill::bench

int main() { return waybill::bench::run(); }
