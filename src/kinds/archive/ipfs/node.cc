#include "kinds/archive/ipfs/node.h"

#include <algorithm>
#include <boost/json.hpp>
#include <set>

#include "base/json.h"
#include "base/percent.h"
#include "base/utf8.h"
#include "core/fetch/url_reference.h"
#include "kinds/archive/outcomes.h"

namespace waybill::ipfs {
namespace {

namespace bj = boost::json;

constexpr std::size_t kLineBytesMax = 1 << 20;
constexpr std::size_t kErrorBytesMax = 4096;
/// A node that says nothing for so long, and takes nothing, is given up.
constexpr Duration kSilenceMax = std::chrono::minutes(30);
/// As `Type` of an answer of routing: a peer that has it.
constexpr std::int64_t kProvider = 4;

/// What a node says of a failure: {"Message": …}, or plain text.
std::string message_in(std::string_view body) {
  const auto value = json::parse(body);
  if (value && value->is_object()) {
    const auto* message = value->get_object().if_contains("Message");
    if (message != nullptr && message->is_string()) return std::string(message->get_string());
  }
  return escape_utf8(body.substr(0, 200));
}

class RpcAnswer : public HttpDownload {
 public:
  Status begin(const HttpResponse& head) override {
    status_ = head.status;
    return {};
  }
  Status write(std::string_view bytes) override {
    if (status_ == 200) return take(bytes);
    said_.append(bytes.substr(0, kErrorBytesMax - std::min(said_.size(), kErrorBytesMax)));
    return {};
  }
  int status() const { return status_; }
  const std::string& said() const { return said_; }
  /// When all of the answer is there.
  virtual Status finish() { return {}; }

 private:
  virtual Status take(std::string_view bytes) = 0;
  int status_ = 0;
  std::string said_;
};

class Lines final : public RpcAnswer {
 public:
  explicit Lines(const Node::OnLine& on_line) : on_line_(on_line) {}
  Status finish() override { return rest_.empty() ? Status() : line(std::exchange(rest_, {})); }

 private:
  Status take(std::string_view bytes) override {
    while (!bytes.empty()) {
      const auto end = std::min(bytes.find('\n'), bytes.size());
      if (rest_.size() + end > kLineBytesMax) {
        return fail(Code::failed_precondition, "the node of IPFS sends a line without end");
      }
      rest_.append(bytes.substr(0, end));
      if (end == bytes.size()) return {};
      bytes.remove_prefix(end + 1);
      if (Status taken = line(std::exchange(rest_, {})); !taken) return taken;
    }
    return {};
  }
  Status line(const std::string& text) {
    if (text.find_first_not_of(" \t\r") == text.npos) return {};
    const auto value = json::parse(text);
    if (!value || !value->is_object()) {
      return fail(Code::failed_precondition, "the node of IPFS answers what is no JSON object");
    }
    return on_line_(value->get_object());
  }

  const Node::OnLine& on_line_;
  std::string rest_;
};

class WholeText final : public RpcAnswer {
 public:
  std::string& text() { return text_; }

 private:
  Status take(std::string_view bytes) override {
    if (text_.size() + bytes.size() > kLineBytesMax) {
      return fail(Code::failed_precondition, "the node of IPFS answers more than 1MiB");
    }
    text_.append(bytes);
    return {};
  }
  std::string text_;
};

Code code_of_rpc(int status) {
  switch (status) {
    case 400:
      return Code::invalid_argument;
    case 401:
    case 403:
      return Code::permission_denied;
    case 500:
      return Code::unavailable;
    default:
      return status > 500 || status == 429 ? Code::unavailable : Code::failed_precondition;
  }
}

bool says_not_pinned(const Error& error) {
  return error.message.find("not pinned") != std::string::npos ||
         error.message.find("pinned indirectly") != std::string::npos ||
         error.message.find("indirect through") != std::string::npos;
}

}  // namespace

Node::Node(HttpStreams& http, Clock& clock, std::string_view api)
    : http_(http), clock_(clock), api_(api) {
  while (api_.ends_with('/')) api_.pop_back();
  if (!api_.ends_with("/api/v0")) api_ += "/api/v0";
}

Status Node::send(const Call& call, HttpDownload& download, const Deadline& deadline) {
  std::string url = api_ + "/" + std::string(call.command);
  for (char separator = '?'; const auto& [name, value] : call.query) {
    url += separator + name + "=" + to_percent(value);
    separator = '&';
  }
  HttpExchange exchange{.request = {.method = "POST", .url = std::move(url), .headers = {}},
                        .upload = call.upload,
                        .upload_bytes = call.upload_bytes,
                        .bytes_per_second_min = 1,
                        .slow_max = kSilenceMax};
  if (!call.content_type.empty()) {
    exchange.request.headers.emplace_back("Content-Type", call.content_type);
  }
  auto& answer = static_cast<RpcAnswer&>(download);
  const auto sent = http_.exchange(exchange, answer, deadline);
  const std::string what =
      "the node of IPFS at " + shown_url(api_) + ", " + std::string(call.command);
  if (!sent) return fail(with_context(sent.error(), what));
  if (answer.status() != 200) {
    return fail(code_of_rpc(answer.status()),
                what + ": IPFS Server returned non-200 status code: " +
                    std::to_string(answer.status()) + ": " + message_in(answer.said()));
  }
  // An error after the beginning of the answer comes behind it.
  if (const auto error = header(*sent, "x-stream-error"); !error.empty()) {
    return fail(Code::unavailable, what + ": " + std::string(error));
  }
  return answer.finish();
}

Status Node::call(const Call& call, const OnLine& on_line, const Deadline& deadline) {
  Lines lines(on_line);
  return send(call, lines, deadline);
}

Result<std::string> Node::text(const Call& call, const Deadline& deadline) {
  WholeText whole;
  if (Status sent = send(call, whole, deadline); !sent) return fail(sent.error());
  return std::move(whole.text());
}

Status Node::pin(const Cid& cid, const std::string& name,
                 const std::function<void(std::int64_t)>& progress, const Deadline& deadline) {
  Query query = {{"arg", to_string(cid)}, {"recursive", "true"}, {"progress", "true"}};
  if (!name.empty()) query.emplace_back("name", name);
  return call(
      {.command = "pin/add", .query = std::move(query)},
      [&](const bj::object& line) {
        const auto* blocks = line.if_contains("Progress");
        if (progress && blocks != nullptr && blocks->is_int64()) {
          progress(blocks->get_int64());
        }
        return Status();
      },
      deadline);
}

Result<bool> Node::unpin(const Cid& cid, const Deadline& deadline) {
  const Status removed = call(
      {.command = "pin/rm", .query = {{"arg", to_string(cid)}, {"recursive", "true"}}},
      [](const bj::object&) { return Status(); }, deadline);
  if (removed) return true;
  if (says_not_pinned(removed.error())) return false;
  return fail(removed.error());
}

Result<bool> Node::is_pinned(const Cid& cid, const Deadline& deadline) {
  bool found = false;
  const Status asked = call(
      {.command = "pin/ls", .query = {{"arg", to_string(cid)}, {"type", "recursive"}}},
      [&](const bj::object& line) {
        found = found || line.contains("Keys") || line.contains("Cid");
        return Status();
      },
      deadline);
  if (asked) return found;
  if (says_not_pinned(asked.error())) return false;
  return fail(asked.error());
}

Result<std::string> Node::peer_id(const Deadline& deadline) {
  std::string id;
  const Status asked = call(
      {.command = "id"},
      [&](const bj::object& line) {
        const auto* value = line.if_contains("ID");
        if (value != nullptr && value->is_string()) id = value->get_string();
        return Status();
      },
      deadline);
  if (!asked) return fail(asked.error());
  return id;
}

Result<std::vector<std::string>> Node::providers(const Cid& cid, int at_most,
                                                 const Deadline& deadline) {
  std::set<std::string> peers;
  const auto note = [&](const bj::object& line) {
    const auto* type = line.if_contains("Type");
    const auto* responses = line.if_contains("Responses");
    const bool tells = type != nullptr && type->is_int64() && type->get_int64() == kProvider &&
                       responses != nullptr && responses->is_array();
    if (!tells) return Status();
    for (const bj::value& each : responses->get_array()) {
      const auto* id = each.is_object() ? each.get_object().if_contains("ID") : nullptr;
      if (id != nullptr && id->is_string()) peers.emplace(id->get_string());
    }
    return Status();
  };
  const Status asked =
      call({.command = "routing/findprovs",
            .query = {{"arg", to_string(cid)}, {"num-providers", std::to_string(at_most)}}},
           note, deadline);
  if (!asked) return fail(asked.error());
  return std::vector<std::string>(peers.begin(), peers.end());
}

}  // namespace waybill::ipfs
