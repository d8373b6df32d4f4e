#include "http/compat/task_mgmt.h"

#include <algorithm>
#include <boost/json.hpp>
#include <charconv>
#include <utility>

#include "base/ascii.h"
#include "base/json.h"
#include "base/percent.h"
#include "base/utf8.h"
#include "core/json_schema.h"
#include "http/api/gate.h"
#include "http/api/routes.h"
#include "http/compat/task_mgmt_json.h"
#include "services/audit_writer.h"

namespace waybill::http {
namespace {

namespace bj = boost::json;

constexpr std::int64_t kPageSizeMax = 1000;
/// Its pages are numbered: to come to one, those before it are read.
constexpr std::int64_t kOffsetMax = 100'000;
constexpr std::size_t kTitleMax = 1000;

const std::string* query_value(const Request& request, std::string_view name) {
  const auto found = std::ranges::find(request.query, name, [](const auto& p) { return p.first; });
  return found == request.query.end() ? nullptr : &found->second;
}

/// As task_mgmt reads it: what is no positive number is the default.
std::int64_t positive(const Request& request, std::string_view name, std::int64_t otherwise) {
  const std::string* text = query_value(request, name);
  std::int64_t number = 0;
  if (text == nullptr) return otherwise;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), number);
  const bool whole = error == std::errc() && end == text->data() + text->size();
  return whole && number > 0 ? number : otherwise;
}

/// The same address with the next page, the query sorted by key.
std::string next_url(const Request& request, std::int64_t page) {
  Pairs query = request.query;
  std::erase_if(query, [](const auto& pair) { return pair.first == "page"; });
  query.emplace_back("page", std::to_string(page + 1));
  std::ranges::stable_sort(query, {}, [](const auto& pair) { return pair.first; });
  std::string url = request.path;
  for (const auto& [name, value] : query) {
    url += (&name == &query.front().first ? "?" : "&") + to_percent(name) + "=" + to_percent(value);
  }
  return url;
}

/// What every answer says to browsers (its CORS rules); no cookie is ever of use here.
void add_cors(const Request& request, Response& response) {
  const std::string_view origin = request.header("origin");
  if (!origin.empty()) {
    response.headers.emplace_back("Access-Control-Allow-Origin", origin);
    response.headers.emplace_back("Vary", "Origin");
  }
  response.headers.emplace_back("Access-Control-Allow-Methods", "GET, PUT, POST, DELETE, OPTIONS");
  response.headers.emplace_back("Access-Control-Allow-Headers", "Content-Type,Authorization");
  response.headers.emplace_back("X-Content-Type-Options", "nosniff");
}

Response to_envelope(const Problem& problem) {
  Response response = error_envelope(problem.status, problem.detail);
  response.headers = problem.headers;
  return response;
}
Response to_envelope(const Error& error) { return to_envelope(problem_of(error)); }

/// Names match whatever their case, as Go's decoder has it.
const bj::value* member(const bj::object& object, std::string_view name) {
  for (const auto& entry : object) {
    if (to_lower(std::string_view(entry.key().data(), entry.key().size())) == name) {
      return &entry.value();
    }
  }
  return nullptr;
}

/// The text under a name; none if there is something else.
std::optional<std::string> text_member(const bj::object& object, std::string_view name) {
  const bj::value* value = member(object, name);
  if (value == nullptr || value->is_null()) return "";
  if (!value->is_string()) return std::nullopt;
  return std::string(value->get_string());
}

}  // namespace

Reply TaskMgmtDoors::handle(const Request& request) {
  auto response = answer(request);
  if (response) {
    add_cors(request, *response);
    return std::move(*response);
  }
  Reply reply = inner_.handle(request);
  auto* from_inner = std::get_if<Response>(&reply);
  const bool unknown =
      from_inner != nullptr && from_inner->status == 404 && !request.path.starts_with("/v1/");
  if (!unknown) return reply;
  Response not_found{
      .status = 404, .body = R"({ "status" :  "not found" })", .headers = {}, .stream = nullptr};
  add_cors(request, not_found);
  return not_found;
}

bool TaskMgmtDoors::answer_at_once(const Request& request,
                                   const std::function<ServerCounts()>& counts,
                                   Response& response) {
  if (request.path != "/healthcheck") return inner_.answer_at_once(request, counts, response);
  response.body = R"({ "status" : 200 })";
  add_cors(request, response);
  return true;
}

Response TaskMgmtDoors::refusal(int status, std::string_view why) {
  return inner_.refusal(status, why);
}

std::optional<Response> TaskMgmtDoors::answer(const Request& request) {
  const auto& path = request.segments;
  const bool known = path == std::vector<std::string>{"tasks"} ||
                     (path.size() == 2 && path[0] == "tasks") ||
                     path == std::vector<std::string>{"ipfs", "add"};
  if (!known) return std::nullopt;
  if (request.method == "OPTIONS") {
    return Response{.body = {}, .content_type = {}, .headers = {}, .stream = nullptr};
  }
  const auto who = who_asks(gate_, request);
  if (!who) return to_envelope(who.error());
  // A page of somebody else can make a browser GET this, and nothing tells whose page it was.
  if (path[0] == "ipfs" && request.method != "POST" && !gate_.asks().value_or(false)) {
    return error_envelope(403, "send it with POST: without a token a GET may come from any page");
  }
  const bool looks = request.method == "GET" || request.method == "HEAD";
  const bool adds = path[0] == "ipfs" || request.method == "POST";
  if (!adds && !looks) {
    return Response{
        .status = 404, .body = R"({ "status" :  "not found" })", .headers = {}, .stream = nullptr};
  }
  const Right right = adds ? Right::submit : Right::read;
  if (!may(who->role, right)) {
    const std::string why = "a " + std::string(to_string(who->role)) + " may not do this";
    if (adds) {
      keep_in_audit_log(*who,
                        {.from = request.peer, .outcome = AuditOutcome::refused, .reason = why});
    }
    return error_envelope(403, why);
  }
  if (path[0] == "ipfs") return add_url(request, *who);
  if (adds) return enqueue(request, *who);
  return path.size() == 2 ? get(path[1]) : list(request);
}

Response TaskMgmtDoors::list(const Request& request) {
  const std::int64_t page = positive(request, "page", 1);
  const std::int64_t size = std::min(positive(request, "pageSize", 100), kPageSizeMax);
  if (page - 1 > kOffsetMax / size) {
    return error_envelope(400, "pages end after " + std::to_string(kOffsetMax) +
                                   " tasks; GET /v1/tasks goes on by cursors");
  }
  PageParams params;
  // Those before it are passed over in large pieces.
  for (std::int64_t before = (page - 1) * size; before > 0;) {
    params.limit = static_cast<std::size_t>(std::min(before, kPageSizeMax));
    const auto passed = parts_.ledger.reader.page(params);
    if (!passed) return to_envelope(passed.error());
    if (passed->next_cursor.empty()) return page_envelope({}, next_url(request, page));
    before -= static_cast<std::int64_t>(params.limit);
    params.cursor = passed->next_cursor;
  }
  params.limit = static_cast<std::size_t>(size);
  const auto found = parts_.ledger.reader.page(params);
  if (!found) return to_envelope(found.error());
  bj::array tasks;
  for (const Task& task : found->tasks) tasks.push_back(task_mgmt_task(task));
  return page_envelope(std::move(tasks), next_url(request, page));
}

Response TaskMgmtDoors::get(const std::string& text) {
  const auto id = parse_uuid(text);
  const auto task = id ? parts_.ledger.reader.get(*id) : Result<Task>(fail(id.error()));
  if (!task && (!id || task.error().code == Code::not_found)) {
    return error_envelope(404, "datastore: key not found");
  }
  if (!task) return to_envelope(task.error());
  return data_envelope(task_mgmt_task(*task));
}

Response TaskMgmtDoors::enqueue(const Request& request, const Principal& who) {
  const auto parsed = json::parse(request.body);
  if (!parsed || !parsed->is_object()) {
    return error_envelope(400,
                          parsed ? "the body has to be a JSON object" : parsed.error().message);
  }
  const bj::object& body = parsed->get_object();
  const auto type = text_member(body, "type");
  const auto title = text_member(body, "title");
  const bj::value* params = member(body, "params");
  const bool readable =
      type && title && (params == nullptr || params->is_object() || params->is_null());
  if (!readable) return error_envelope(400, "type and title have to be texts, params an object");
  const bool empty = params == nullptr || params->is_null();
  return insert({.type = *type,
                 .title = *title,
                 .params = empty ? std::string("{}") : json::serialize(*params),
                 .from = request.peer},
                who);
}

Response TaskMgmtDoors::add_url(const Request& request, const Principal& who) {
  const std::string* url = query_value(request, "url");
  if (url == nullptr || url->empty()) return error_envelope(400, "the query wants a url");
  return insert({.type = "ipfs.add",
                 .title = "Add to IPFS",
                 .params = json::serialize(bj::object{{"url", json::text(*url)}}),
                 .from = request.peer},
                who);
}

Response TaskMgmtDoors::insert(const Asked& asked, const Principal& who) {
  const auto now = parts_.definitions();
  auto definition = now->tasks.find(asked.type);
  // The type was renamed, and half of its clients were not told.
  if (definition == now->tasks.end() && asked.type == "ipfs.add") {
    definition = now->tasks.find("ipfs.addurl");
  }
  if (definition == now->tasks.end()) {
    return error_envelope(400, "unrecognized task type: '" + asked.type + "'");
  }
  if (Status fits = check_params(definition->second.params_schema, asked.params); !fits) {
    return error_envelope(400, "Error creating task from JSON: " + fits.error().message);
  }
  TaskRequest request = make_request(definition->second, asked.params);
  request.id = parts_.new_id();
  request.created_by = who.name;
  if (!asked.title.empty()) {
    request.labels.emplace_back(kTitleLabel, std::string(utf8_prefix(asked.title, kTitleMax)));
  }
  Status fits = check_request(request);
  if (fits && parts_.check_task) fits = parts_.check_task(request);
  if (!fits) return error_envelope(400, "Invalid task: " + fits.error().message);
  if (const auto may = check_rules(parts_, who, request); !may) {
    keep_in_audit_log(
        who, {.from = asked.from, .outcome = AuditOutcome::refused, .reason = may.error().detail});
    return to_envelope(may.error());
  }
  const auto inserted = parts_.ledger.ledger.insert({&request, 1});
  if (!inserted) return to_envelope(inserted.error());
  keep_in_audit_log(who, {.from = asked.from, .subject = to_string(request.id)});
  const auto task = parts_.ledger.reader.get(request.id);
  if (!task) return to_envelope(task.error());
  return data_envelope(task_mgmt_task(*task), "successfully enqueued task");
}

void TaskMgmtDoors::keep_in_audit_log(const Principal& who, AuditEntry entry) {
  if (parts_.audit == nullptr) return;
  entry.at = parts_.ledger.ledger.now();
  entry.who = who.name;
  entry.operation = "createTasks";
  parts_.audit->keep_soon(std::move(entry));
}

}  // namespace waybill::http
