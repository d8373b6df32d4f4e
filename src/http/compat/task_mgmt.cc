#include "http/compat/task_mgmt.h"

#include <algorithm>
#include <boost/json.hpp>
#include <charconv>
#include <utility>

#include "base/ascii.h"
#include "base/json.h"
#include "base/json_duplicates.h"
#include "base/json_numbers.h"
#include "base/percent.h"
#include "base/utf8.h"
#include "core/json_schema.h"
#include "http/api/gate.h"
#include "http/api/idempotency.h"
#include "http/api/request_body.h"
#include "http/api/routes.h"
#include "http/compat/task_mgmt_json.h"
#include "http/header_rules.h"
#include "http/target.h"
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

bool is_ours(const Request& request) {
  const auto& path = request.segments;
  return path == std::vector<std::string>{"tasks"} || (path.size() == 2 && path[0] == "tasks") ||
         path == std::vector<std::string>{"ipfs", "add"};
}

/// The url of /ipfs/add: of a form, which goes before the query, as in Go.
std::string url_in(const Request& request) {
  const std::string type = to_lower(request.header("content-type"));
  const std::string_view name = without_padding(std::string_view(type).substr(0, type.find(';')));
  if (name == "application/x-www-form-urlencoded") {
    const auto form = parse_target("/?" + request.body);
    if (form) {
      const auto found =
          std::ranges::find(form->query, "url", [](const auto& pair) { return pair.first; });
      if (found != form->query.end()) return found->second;
    }
  }
  const std::string* url = query_value(request, "url");
  return url == nullptr ? "" : *url;
}

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

Response TaskMgmtDoors::refusal(const Request& request, int status, std::string_view why) {
  Response refused = inner_.refusal(request, status, why);
  if (!is_ours(request)) return refused;
  Response response = error_envelope(status, why);
  for (auto& header : refused.headers) {
    if (header.first == "Retry-After") response.headers.push_back(std::move(header));
  }
  add_cors(request, response);
  return response;
}

std::optional<Response> TaskMgmtDoors::answer(const Request& request) {
  const auto& path = request.segments;
  if (!is_ours(request)) return std::nullopt;
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
  if (adds) return add(request, *who);
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

Response TaskMgmtDoors::add(const Request& request, const Principal& who) {
  auto asked = request.segments[0] == "ipfs" ? read_url(request) : read_task(request);
  if (!asked) return error_envelope(400, asked.error().message);
  asked->from = request.peer;
  const auto key = read_key(request);
  if (!key) return to_envelope(key.error());
  if (key->empty()) return insert(*asked, who);
  return add_under_key(request, who, *key, std::move(*asked));
}

Response TaskMgmtDoors::add_under_key(const Request& request, const Principal& who,
                                      const std::string& key, Asked asked) {
  Request same = request;
  same.body = asked.type + "\n" + asked.title + "\n" + asked.params;
  const KeyedCall keyed = keyed_call(who.name, key, same);
  const FirstAnswers::UnderWay under_way(parts_.first_answers, keyed.owner);
  if (!under_way.is_ours()) return to_envelope(key_under_way());
  auto first = parts_.first_answers.find(keyed, Keeping::durably);
  if (!first) return to_envelope(first.error());
  if (*first) return std::move(**first);
  // So that a crash before the answer makes no second one.
  asked.id = uuid_v5(kTaskNamespace, "task_mgmt\n" + keyed.owner + "\n" + keyed.fingerprint);
  Response response = insert(asked, who);
  const bool is_done = response.status == 200;
  if (is_done) parts_.first_answers.keep(keyed, response, Keeping::durably, parts_.clock.now());
  return response;
}

Result<TaskMgmtDoors::Asked> TaskMgmtDoors::read_task(const Request& request) {
  const auto parsed = json::parse(request.body);
  if (!parsed) return fail(parsed.error());
  const auto wrong = [](std::string message) { return fail(Code::invalid_argument, message); };
  if (!parsed->is_object()) return wrong("the body has to be a JSON object");
  if (const auto twice = json::member_twice(request.body, *parsed)) {
    return wrong("the body has an object with two members \"" + *twice + "\"");
  }
  if (const auto lost = json::whole_number_lost(request.body, *parsed)) {
    return wrong("the body " + json::told_of_lost_number(*lost));
  }
  const bj::object& body = parsed->get_object();
  const auto type = text_member(body, "type");
  const auto title = text_member(body, "title");
  const bj::value* params = member(body, "params");
  const bool readable =
      type && title && (params == nullptr || params->is_object() || params->is_null());
  if (!readable) return wrong("type and title have to be texts, params an object");
  const bool empty = params == nullptr || params->is_null();
  return Asked{.type = *type,
               .title = *title,
               .params = empty ? std::string("{}") : json::serialize(*params),
               .success = "successfully enqueued task"};
}

Result<TaskMgmtDoors::Asked> TaskMgmtDoors::read_url(const Request& request) {
  const std::string url = url_in(request);
  if (url.empty()) return fail(Code::invalid_argument, "the query or the form wants a url");
  return Asked{.type = "ipfs.add",
               .title = "Add to IPFS",
               .params = json::serialize(bj::object{{"url", json::text(url)}}),
               .success = "task successfully enqueued"};
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
  request.id = asked.id == Uuid{} ? parts_.new_id() : asked.id;
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
  return data_envelope(task_mgmt_task(*task), asked.success);
}

void TaskMgmtDoors::keep_in_audit_log(const Principal& who, AuditEntry entry) {
  if (parts_.audit == nullptr) return;
  entry.at = parts_.ledger.ledger.now();
  entry.who = who.name;
  entry.operation = "createTasks";
  parts_.audit->keep_soon(std::move(entry));
}

}  // namespace waybill::http
