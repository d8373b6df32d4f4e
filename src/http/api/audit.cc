// Who changed what is kept, and looked at.

#include "http/api/audit.h"

#include <algorithm>
#include <boost/json.hpp>
#include <charconv>
#include <utility>

#include "base/utf8.h"
#include "core/api_token.h"
#include "http/api/cursor.h"
#include "http/api/routes.h"
#include "services/audit_json.h"
#include "services/audit_writer.h"

namespace waybill::http {
namespace {

namespace bj = boost::json;

constexpr std::string_view kCreated = R"("created":true)";

/// What follows `name` in an answer of ours up to `end`: enough for its first members, at a
/// fraction of what reading megabytes of JSON costs.
std::string_view first_of(std::string_view body, std::string_view name, char end) {
  const std::size_t at = body.find(name);
  if (at == body.npos) return {};
  const std::string_view rest = body.substr(at + name.size());
  return rest.substr(0, rest.find(end));
}

std::int64_t count_of(std::string_view body, std::string_view what) {
  std::int64_t count = 0;
  for (std::size_t at = body.find(what); at != body.npos; at = body.find(what, at + 1)) ++count;
  return count;
}

/// Many tasks have nothing in the answer but id and created; one is there whole.
std::int64_t created_in(std::string_view body) {
  if (body.starts_with(R"({"created":)")) return body.find(kCreated) == 1 ? 1 : 0;
  return count_of(body, kCreated);
}

std::int64_t number_in(std::string_view text) {
  std::int64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

void add_done(const Changed& changed, const Response& response, AuditEntry& entry) {
  if (changed.operation.id == "createTasks") {
    entry.subject = first_of(response.body, R"("id":")", '"');
    entry.count = created_in(response.body);
  } else if (changed.operation.id == "createRun" || changed.operation.id == "retryRun" ||
             changed.operation.id == "createCollection") {
    entry.subject = first_of(response.body, R"("id":")", '"');
  } else if (changed.operation.path.starts_with("/v1/bulk/")) {
    entry.count = number_in(first_of(response.body, R"("changed":)", ','));
  } else if (changed.operation.id == "createToken" || changed.operation.id == "revokeToken") {
    const std::string_view id = first_of(response.body, R"("id":")", '"');
    entry.subject =
        std::string(first_of(response.body, R"("name":")", '"')) + " (" + std::string(id) + ")";
  } else if (changed.operation.id == "revokeSession") {
    entry.count = count_of(response.body, R"("id":")");
    // Sessions are forgotten a week later: whose it was is to be known longer.
    const std::string_view person = first_of(response.body, R"("person":")", '"');
    if (entry.subject != person) entry.subject += " of " + std::string(person);
  }
}

/// Also one who is slowed came with a wrong token.
bool is_refusal(const Problem& problem) {
  return problem.status == 401 || problem.status == 403 || problem.type == "too-many-wrong-tokens";
}

void add_problem(const Problem& problem, AuditEntry& entry) {
  const bool refused = is_refusal(problem);
  entry.outcome = refused ? AuditOutcome::refused : AuditOutcome::failed;
  // The details of a failure may repeat what was sent.
  entry.reason = refused ? problem.detail : problem.type;
}

bool is_replayed(const Response& response) {
  return std::ranges::any_of(
      response.headers, [](const auto& header) { return header.first == "Idempotent-Replayed"; });
}

Answer<Reply> list_audit(const ApiParts& parts, const Call& call) {
  if (parts.audit == nullptr) {
    return refuse(Error{.code = Code::unimplemented, .message = "no audit log is kept here"});
  }
  const Query& query = call.query;
  auto cursor = cursor_in(call);
  if (!cursor) return refuse(std::move(cursor.error()));
  const auto page =
      parts.audit->log().page({.filter = {.who = query.text("who"),
                                          .operation = query.text("operation"),
                                          .subject = query.text("subject"),
                                          .after = time_in(query, "after"),
                                          .before = time_in(query, "before")},
                               .cursor = std::move(*cursor),
                               .limit = static_cast<std::size_t>(query.integer("limit"))});
  if (!page) return refuse(page.error());
  bj::object list = audit_to_json(*page);
  list["next_cursor"] = next_cursor(call, page->next_cursor);
  return json_response(list);
}

}  // namespace

void keep_in_audit_log(const ApiParts& parts, const Changed& changed) {
  if (parts.audit == nullptr) return;
  AuditEntry entry{.at = parts.ledger.ledger.now(),
                   .who = changed.who.name,
                   .from = changed.request.peer,
                   .operation = changed.operation.id,
                   .subject = {}};
  // As sent, until somebody has looked at it: no longer than any name.
  if (const auto& path = changed.match.path; !path.empty()) {
    entry.subject = std::string(utf8_prefix(without_secrets(path.begin()->second), kNameBytesMax));
  }
  if (!changed.answer) {
    add_problem(changed.answer.error(), entry);
    return parts.audit->keep_soon(std::move(entry));
  }
  const auto* response = std::get_if<Response>(&*changed.answer);
  if (response == nullptr || is_replayed(*response)) return;
  add_done(changed, *response, entry);
  if (changed.operation.id == "createTasks") return parts.audit->keep_soon(std::move(entry));
  parts.audit->keep(entry);
}

void keep_unknown_in_audit_log(const ApiParts& parts, const Operation& operation,
                               const Request& request, const Problem& problem) {
  if (parts.audit == nullptr || !is_refusal(problem)) return;
  AuditEntry entry{.at = parts.ledger.ledger.now(),
                   .who = "unknown",
                   .from = request.peer,
                   .operation = operation.id,
                   .subject = {}};
  add_problem(problem, entry);
  parts.audit->keep_soon(std::move(entry));
}

std::string without_secrets(const std::string& path) {
  const std::size_t begin = path.rfind('/') + 1;  // 0 where there is none
  const auto token = parse_api_token(std::string_view(path).substr(begin));
  return token ? path.substr(0, begin) + token->id : path;
}

void add_audit_handler(const ApiParts& parts, Handlers& handlers) {
  handlers["listAudit"] = [&parts](const Call& call) { return list_audit(parts, call); };
}

}  // namespace waybill::http
