#include <boost/json.hpp>

#include "adapters/remote/ledger.h"
#include "adapters/remote/unimplemented.h"
#include "base/json.h"

namespace waybill {
namespace {

/// As the API calls them.
std::string_view name_of(LogStream stream) {
  switch (stream) {
    case LogStream::out:
      return "stdout";
    case LogStream::err:
      return "stderr";
    case LogStream::system:
      return "system";
  }
  return "system";
}

}  // namespace

Status RemoteLogStore::append(const Uuid& task, const LogChunk& chunk) {
  const auto held = held_.find(task);
  if (!held || held->attempt != chunk.attempt) {
    return fail(Code::aborted, "task " + to_string(task) + " is not this worker's any more, so " +
                                   "its output is not kept");
  }
  std::string body = R"({"fence":)" + std::to_string(held->fence) + R"(,"chunks":[{"stream":")" +
                     std::string(name_of(chunk.stream)) + R"(","at":")" + format_time(chunk.at) +
                     R"(","text":)";
  json::append_quoted(body, chunk.bytes);
  body += "}]}";
  const auto sent = server_.post("/v1/tasks/" + to_string(task) + "/logs", std::move(body));
  if (!sent) return fail(sent.error());
  return {};
}

Result<LogPage> RemoteLogStore::read(const Uuid&, const std::string&, std::size_t) {
  return not_for_workers("read logs");
}
Status RemoteLogStore::remove(const Uuid&) { return not_for_workers("remove logs"); }
Result<LoggedTasks> RemoteLogStore::logged(const std::string&) {
  return not_for_workers("list logs");
}

}  // namespace waybill
