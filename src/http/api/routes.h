#pragma once

#include <cstddef>
#include <map>
#include <string>

#include "core/definition_fields.h"
#include "http/api/call.h"
#include "http/api/parts.h"

namespace waybill::http {

/// What serves each operation of the OpenAPI document, by its operationId. `parts` outlive the
/// handlers.
using Handlers = std::map<std::string, Handler, std::less<>>;

void add_create_handlers(const ApiParts& parts, Handlers& handlers);
void add_task_handlers(const ApiParts& parts, Handlers& handlers);
void add_change_handlers(const ApiParts& parts, Handlers& handlers);
void add_audit_handler(const ApiParts& parts, Handlers& handlers);
void add_amend_handler(const ApiParts& parts, Handlers& handlers);
void add_log_handlers(const ApiParts& parts, Handlers& handlers);
void add_artifact_handlers(const ApiParts& parts, Handlers& handlers);
void add_provenance_handlers(const ApiParts& parts, Handlers& handlers);
void add_view_handlers(const ApiParts& parts, Handlers& handlers);
void add_worker_handlers(const ApiParts& parts, Handlers& handlers);
void add_finish_handler(const ApiParts& parts, Handlers& handlers);
void add_event_handlers(const ApiParts& parts, Handlers& handlers);
void add_login_handlers(const ApiParts& parts, Handlers& handlers);
void add_schedule_handlers(const ApiParts& parts, Handlers& handlers);
void add_secret_handlers(const ApiParts& parts, Handlers& handlers);
void add_run_handlers(const ApiParts& parts, Handlers& handlers);
void add_webhook_handlers(const ApiParts& parts, Handlers& handlers);
void add_token_handlers(const ApiParts& parts, Handlers& handlers);
void add_session_handlers(const ApiParts& parts, Handlers& handlers);
void add_chronicle_handlers(const ApiParts& parts, Handlers& handlers);
void add_collection_handlers(const ApiParts& parts, Handlers& handlers);
void add_host_turn_handlers(const ApiParts& parts, Handlers& handlers);

/// A page ends early rather than hold much more than this, in bytes.
inline constexpr std::size_t kPageBytesMax = 8u << 20;

/// The id that a path names, of a task or what else; the problem `not-found` if it is none: there
/// is nothing of that id.
Answer<Uuid> id_in_path(const Call& call, std::string_view what = "task");

/// The time that a query has, which keeps to its schema; the zero time: it has none.
Time time_in(const Query& query, std::string_view name);

/// Refuses who may not start, cancel or retry such a task by the rules who_may: `forbidden`, or
/// `unavailable` where that cannot be asked.
Answer<void> check_rules(const ApiParts& parts, const Principal& who, const TaskRequest& task);
/// Refuses a change of a task that its rules do not let, and of somebody else's to who has not the
/// right to operate.
Answer<void> may_change(const ApiParts& parts, const Call& call, const Uuid& id);

/// A label as `name=value`.
std::pair<std::string, std::string> read_label(std::string_view text);
/// The labels of a query that has them so.
Labels labels_in(const Query& query);

/// Grows with every change, and so tells two versions of one task apart.
std::string etag_of(const Task& task);

/// The answer with its ETag; 304 instead if the request's If-None-Match has that (RFC
/// 9110, 13.1.2).
Response with_etag(const Call& call, Response response, const std::string& etag);

/// Likewise, of an answer whose content itself tells two versions of it apart.
Response with_own_etag(const Call& call, Response response);

/// Refuses reports that are larger than params may be: `fields` is the body's `/tasks/INDEX`.
Answer<void> check_sizes(const Fields& fields, std::size_t index);

/// A stream of server-sent events as the answer.
Response stream_response(std::shared_ptr<BodyStream> stream);

}  // namespace waybill::http
