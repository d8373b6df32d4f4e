// The files that tasks leave behind.

#include <boost/json.hpp>
#include <utility>

#include "base/base64.h"
#include "base/digest.h"
#include "base/json.h"
#include "base/log.h"
#include "base/percent.h"
#include "core/task_json.h"
#include "http/api/cursor.h"
#include "http/api/routes.h"
#include "http/range.h"
#include "services/artifact_desk.h"

namespace waybill::http {
namespace {

namespace bj = boost::json;

/// Nothing rings it.
constexpr const char* kNoTopic = "a content's turn";

Answer<ArtifactDesk*> desk_of(const ApiParts& parts) {
  if (parts.artifacts != nullptr) return parts.artifacts;
  return refuse(problem_of(501, "this server keeps no artifacts"));
}

std::string url_of(const Uuid& task, const std::string& name) {
  return "/v1/tasks/" + to_string(task) + "/artifacts/" + to_percent(name);
}

Answer<Reply> list_artifacts(const ApiParts& parts, const Call& call) {
  const auto desk = desk_of(parts);
  if (!desk) return refuse(desk.error());
  const auto id = id_in_path(call);
  if (!id) return refuse(id.error());
  const auto limit = static_cast<std::size_t>(call.query.integer("limit"));
  const auto cursor = cursor_in(call);
  if (!cursor) return refuse(cursor.error());
  // One more, to see whether there is one.
  auto artifacts = (*desk)->index().list({.task = *id, .after = *cursor, .limit = limit + 1});
  if (!artifacts) return refuse(artifacts.error());
  const bool is_last = artifacts->size() <= limit;
  if (!is_last) artifacts->pop_back();
  bj::array list;
  for (const Artifact& artifact : *artifacts) {
    bj::object object = artifact_to_json(artifact);
    object["url"] = url_of(*id, artifact.name);
    list.push_back(std::move(object));
  }
  const std::string next = is_last ? "" : artifacts->back().name;
  return json_response(
      bj::object{{"artifacts", std::move(list)}, {"next_cursor", next_cursor(call, next)}});
}

/// RFC 6266: the last part of the name, for those who read ASCII and for those who read more.
std::string disposition(const std::string& name) {
  const std::string file = name.substr(name.rfind('/') + 1);
  std::string plain;
  for (const char c : file) plain += c < 0x20 || c > 0x7e || c == '"' || c == '\\' ? '_' : c;
  return "attachment; filename=\"" + plain + "\"; filename*=UTF-8''" + to_percent(file);
}

/// What stands in the way of a content. One that is read, or kept, for somebody else: the same
/// request again, soon, without a thread until then. Damage is said: another one may have a copy.
Answer<Reply> without_content(const ApiParts& parts, const Call& call, const Error& error) {
  const bool is_busy = error.code == Code::unavailable && error.retry_after.has_value();
  if (is_busy && !call.request.draining) {
    return Later{.until = parts.clock.steady_now() + *error.retry_after, .topics = {kNoTopic}};
  }
  if (error.code != Code::data_loss) return refuse(error);
  log::error("artifact_damaged", error.message);
  return refuse(problem_of(500,
                           "the content is damaged on the server, whose log says more; "
                           "restore it from a copy, or run its task again"));
}

/// A content, whole or the part that is asked for (RFC 9110, 14). It is what somebody's program
/// wrote: no browser is to show it, or run anything of it, as a page of this server.
Answer<Reply> content_response(const Call& call, FileDescriptor file, const Artifact& artifact) {
  const std::string etag = "\"" + artifact.sha256 + "\"";
  // Before the range (RFC 9110, 13.2.2), and that is for GET alone (14.2).
  Response unchanged = with_etag(call, {}, etag);
  if (unchanged.status == 304) {
    unchanged.file = std::make_shared<const FilePiece>(
        FilePiece{.file = std::move(file), .offset = 0, .size_bytes = artifact.size_bytes});
    return unchanged;
  }
  const std::string_view if_range = call.request.header("if-range");
  // Of nothing there is no part: who reads in pieces gets it all the same.
  const bool may_be_part = call.request.method == "GET" && artifact.size_bytes > 0 &&
                           (if_range.empty() || if_range == etag);
  const auto range =
      read_range(may_be_part ? call.request.header("range") : "", artifact.size_bytes);
  const std::string size = std::to_string(artifact.size_bytes);
  if (!range) {
    Problem problem = problem_of(416, "it has " + size + " bytes, and none of those asked for");
    problem.headers.emplace_back("Content-Range", "bytes */" + size);
    return refuse(std::move(problem));
  }
  Response response{.status = range->is_whole ? 200 : 206,
                    .body = {},
                    .content_type = artifact.media_type,
                    .headers = {{"Accept-Ranges", "bytes"},
                                {"Content-Disposition", disposition(artifact.name)},
                                {"Content-Security-Policy", "sandbox"}},
                    .stream = nullptr};
  if (!range->is_whole) {
    response.headers.emplace_back(
        "Content-Range", "bytes " + std::to_string(range->first) + "-" +
                             std::to_string(range->first + range->size_bytes - 1) + "/" + size);
  }
  // RFC 9530: of the whole, also where a part is sent.
  response.headers.emplace_back(
      "Repr-Digest", "sha-256=:" + to_base64(from_hex(artifact.sha256).value_or("")) + ":");
  response.file = std::make_shared<const FilePiece>(
      FilePiece{.file = std::move(file), .offset = range->first, .size_bytes = range->size_bytes});
  return with_etag(call, std::move(response), etag);
}

Answer<Reply> get_artifact(const ApiParts& parts, const Call& call) {
  const auto desk = desk_of(parts);
  if (!desk) return refuse(desk.error());
  const auto id = id_in_path(call);
  if (!id) return refuse(id.error());
  if (const Status name = check_artifact_name(call.at("name")); !name) return refuse(name.error());
  const auto artifact = (*desk)->index().find(*id, call.at("name"));
  if (!artifact) return refuse(artifact.error());
  auto content = (*desk)->open(*artifact);
  if (!content) {
    return without_content(parts, call,
                           with_context(content.error(), "artifact \"" + artifact->name + "\""));
  }
  return content_response(call, std::move(content->file), *artifact);
}

/// What a worker leaves, and is not taken.
Answer<Reply> not_taken(const ApiParts& parts, const Call& call, const Error& error) {
  if (error.code == Code::unavailable && error.retry_after) {
    return without_content(parts, call, error);
  }
  // Both are about what was sent, not about what is stored.
  if (error.code == Code::out_of_range) return refuse(problem_of(413, error.message));
  if (error.code == Code::data_loss) return refuse(problem_of(409, error.message));
  return refuse_storage(error);
}

Answer<Reply> record_artifacts(const ApiParts& parts, const Call& call) {
  const auto desk = desk_of(parts);
  if (!desk) return refuse(desk.error());
  const auto id = id_in_path(call);
  if (!id) return refuse(id.error());
  const Fields fields(call.body.get_object());
  AttemptArtifacts attempt{.task = *id,
                           .fence = static_cast<std::uint64_t>(fields.integer("fence", 0)),
                           .artifacts = {}};
  for (const bj::value& value : fields.find("artifacts")->get_array()) {
    const Fields artifact(value.get_object());
    const std::string name = artifact.text("name");
    attempt.artifacts.push_back({.name = name,
                                 .sha256 = artifact.text("sha256"),
                                 .size_bytes = artifact.integer("size_bytes", 0),
                                 .media_type = artifact.text("media_type", media_type_of(name)),
                                 .created_at = {}});
  }
  // Whatever the worker has made of it.
  const auto task = parts.ledger.reader.get(*id);
  if (!task) return refuse(task.error());
  const std::int64_t bytes_max = artifact_bytes_max(task->request.spec);
  if (const Status fit = check_artifact_bytes(attempt.artifacts, bytes_max); !fit) {
    return refuse(problem_of(413, fit.error().message));
  }
  const auto missing = (*desk)->record(attempt);
  if (!missing) return not_taken(parts, call, missing.error());
  bj::array list;
  for (const std::string& sha256 : *missing) list.emplace_back(sha256);
  return json_response(bj::object{{"missing", std::move(list)}});
}

/// Who has the lease, as the query says.
Answer<ArtifactOwner> owner_in_query(const Call& call) {
  const auto task = parse_uuid(call.query.text("task"));
  if (!task) {
    return refuse(Error{.code = Code::not_found,
                        .message = "\"" + call.query.text("task") + "\" is no task's id"});
  }
  return ArtifactOwner{.task = *task,
                       .fence = static_cast<std::uint64_t>(call.query.integer("fence"))};
}

Answer<void> check_digest(const Call& call) {
  if (is_sha256_hex(call.at("sha256"))) return {};
  return refuse(Error{.code = Code::not_found,
                      .message = "\"" + call.at("sha256") +
                                 "\" is no SHA-256: those are 64 lower-case hexadecimal digits"});
}

Answer<Reply> put_content(const ApiParts& parts, const Call& call) {
  const auto desk = desk_of(parts);
  if (!desk) return refuse(desk.error());
  if (auto digest = check_digest(call); !digest) return refuse(std::move(digest.error()));
  const auto owner = owner_in_query(call);
  if (!owner) return refuse(owner.error());
  const auto received = (*desk)->take(*owner, {.sha256 = call.at("sha256"),
                                               .offset = call.query.integer("offset"),
                                               .bytes = call.request.body});
  if (received) {
    return json_response(
        bj::object{{"received_bytes", received->bytes}, {"complete", received->complete}});
  }
  return not_taken(parts, call, received.error());
}

Answer<Reply> get_content(const ApiParts& parts, const Call& call) {
  const auto desk = desk_of(parts);
  if (!desk) return refuse(desk.error());
  if (auto digest = check_digest(call); !digest) return refuse(std::move(digest.error()));
  const auto owner = owner_in_query(call);
  if (!owner) return refuse(owner.error());
  const auto task = parts.ledger.reader.get(owner->task);
  if (!task) return refuse(task.error());
  if (task->status.state != State::leased || task->status.fence != owner->fence) {
    return refuse(Error{.code = Code::aborted,
                        .message = "task " + to_string(owner->task) + " is not leased with fence " +
                                   std::to_string(owner->fence) + " any more: stop working on it"});
  }
  auto content = (*desk)->open(call.at("sha256"));
  if (!content) return without_content(parts, call, content.error());
  return content_response(call, std::move(content->file),
                          {.name = call.at("sha256"),
                           .sha256 = call.at("sha256"),
                           .size_bytes = content->size_bytes,
                           .media_type = "application/octet-stream",
                           .created_at = {}});
}

}  // namespace

void add_artifact_handlers(const ApiParts& parts, Handlers& handlers) {
  handlers["listTaskArtifacts"] = [&parts](const Call& call) {
    return list_artifacts(parts, call);
  };
  handlers["getTaskArtifact"] = [&parts](const Call& call) { return get_artifact(parts, call); };
  handlers["recordTaskArtifacts"] = [&parts](const Call& call) {
    return record_artifacts(parts, call);
  };
  handlers["putArtifactContent"] = [&parts](const Call& call) { return put_content(parts, call); };
  handlers["getArtifactContent"] = [&parts](const Call& call) { return get_content(parts, call); };
}

}  // namespace waybill::http
