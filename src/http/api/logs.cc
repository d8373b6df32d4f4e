// The output of tasks.

#include <algorithm>
#include <boost/json.hpp>
#include <optional>
#include <utility>
#include <vector>

#include "base/json.h"
#include "core/definition_fields.h"
#include "http/api/log_json.h"
#include "http/api/routes.h"

namespace waybill::http {
namespace {

namespace bj = boost::json;

Answer<Reply> read_logs(const ApiParts& parts, const Call& call) {
  const auto id = id_in_path(call);
  if (!id) return refuse(id.error());
  if (const auto task = parts.ledger.reader.get(*id); !task) return refuse(task.error());
  const auto page = parts.logs.read(*id, call.query.text("cursor"),
                                    static_cast<std::size_t>(call.query.integer("limit_bytes")));
  if (!page) return refuse(page.error());
  bj::array chunks;
  for (const LogChunk& chunk : page->chunks) chunks.push_back(chunk_to_json(chunk));
  return json_response(bj::object{{"chunks", std::move(chunks)},
                                  {"next_cursor", json::text_or_null(page->next_cursor)}});
}

Answer<Reply> follow_logs(const ApiParts& parts, const Call& call) {
  const auto id = id_in_path(call);
  if (!id) return refuse(id.error());
  // What EventSource says after a lost connection goes before what the address said.
  std::string cursor(call.request.header("last-event-id"));
  if (cursor.empty()) cursor = call.query.text("cursor");
  auto stream = parts.feed.follow_logs(*id, cursor);
  if (!stream) return refuse(stream.error());
  return stream_response(std::move(*stream));
}

LogStream read_stream(std::string_view name) {
  if (name == "stderr") return LogStream::err;
  return name == "system" ? LogStream::system : LogStream::out;
}

/// Only who has the lease may write, so that an attempt that was given up adds nothing to the next.
Answer<std::uint32_t> attempt_of_lease(const ApiParts& parts, const Uuid& id, std::uint64_t fence) {
  const auto task = parts.ledger.reader.get(id);
  if (!task) return refuse(task.error());
  if (task->status.state == State::leased && task->status.fence == fence) {
    return task->status.attempt;
  }
  return refuse(Error{.code = Code::aborted,
                      .message = "task " + to_string(id) + " is not leased with fence " +
                                 std::to_string(fence) + " any more: stop working on it"});
}

Answer<Reply> write_logs(const ApiParts& parts, const Call& call) {
  const auto id = id_in_path(call);
  if (!id) return refuse(id.error());
  const Fields fields(call.body.get_object());
  const auto attempt =
      attempt_of_lease(parts, *id, static_cast<std::uint64_t>(fields.integer("fence", 0)));
  if (!attempt) return refuse(attempt.error());
  std::vector<LogChunk> chunks;
  for (const bj::value& value : fields.find("chunks")->get_array()) {
    const Fields chunk(value.get_object());
    const Time at =
        chunk.has("at") ? parse_time(chunk.text("at")).value() : parts.ledger.ledger.now();
    chunks.push_back({.attempt = *attempt,
                      .at = at,
                      .stream = read_stream(chunk.text("stream")),
                      .bytes = chunk.text("text")});
  }
  std::optional<std::uint64_t> before;
  if (fields.has("chunks_before")) {
    before = static_cast<std::uint64_t>(fields.integer("chunks_before", 0));
  }
  const Status written = parts.logs.append_all(*id, chunks, before);
  if (!written) return refuse(written.error());
  return Response{.status = 204, .body = {}, .content_type = {}, .headers = {}, .stream = nullptr};
}

}  // namespace

void add_log_handlers(const ApiParts& parts, Handlers& handlers) {
  handlers["readTaskLogs"] = [&parts](const Call& call) { return read_logs(parts, call); };
  handlers["followTaskLogs"] = [&parts](const Call& call) { return follow_logs(parts, call); };
  handlers["writeTaskLogs"] = [&parts](const Call& call) { return write_logs(parts, call); };
}

}  // namespace waybill::http
