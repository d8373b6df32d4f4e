#include <boost/json.hpp>

#include "adapters/remote/ledger.h"
#include "base/json.h"

namespace waybill {

Status RemoteLogs::append(const Uuid& task, const LogChunk& chunk) {
  const auto held = held_.find(task);
  if (!held || held->attempt != chunk.attempt) {
    return fail(Code::aborted, "task " + to_string(task) + " is not this worker's any more, so " +
                                   "its output is not kept");
  }
  std::string body = R"({"fence":)" + std::to_string(held->fence) + R"(,"chunks":[{"stream":")" +
                     std::string(to_string(chunk.stream)) + R"(","at":")" + format_time(chunk.at) +
                     R"(","text":)";
  json::append_quoted(body, chunk.bytes);
  body += "}]}";
  const auto sent = server_.post("/v1/tasks/" + to_string(task) + "/logs", std::move(body));
  if (!sent) return fail(sent.error());
  return {};
}

}  // namespace waybill
