#include "kinds/archive/ipfs/pinning_service.h"

#include <boost/json.hpp>
#include <utility>

#include "base/json.h"
#include "core/fetch/url_reference.h"
#include "core/listen_address.h"
#include "kinds/archive/fields.h"
#include "kinds/archive/outcomes.h"

namespace waybill::ipfs {
namespace {

namespace bj = boost::json;

/// Ten results, with as much about each as a service may say.
constexpr std::size_t kStatusBytesMax = 1 << 20;

class PinStatusBody final : public HttpDownload {
 public:
  Status begin(const HttpResponse&) override { return {}; }
  Status write(std::string_view bytes) override {
    if (bytes.size() > kStatusBytesMax - text_.size()) {
      return fail(Code::failed_precondition, "it says more than 1 MiB");
    }
    text_.append(bytes);
    return {};
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

/// Without TLS, to another machine.
bool tells_in_the_clear(std::string_view url) {
  if (is_https_url(url)) return false;
  const std::string_view site = url.substr(url.find("://") + 3);
  return !is_loopback_host(site.substr(0, site.find('/')));
}

std::string_view text_in(const bj::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  return value != nullptr && value->is_string() ? std::string_view(value->get_string())
                                                : std::string_view();
}

/// What the service was asked to leave out is looked for too: not all heed filters.
bool is_pin_of(const bj::value& result, const Cid& cid) {
  if (!result.is_object() || text_in(result.get_object(), "status") != "pinned") return false;
  const auto* pin = result.get_object().if_contains("pin");
  if (pin == nullptr || !pin->is_object()) return false;
  const auto said = parse_cid(text_in(pin->get_object(), "cid"));
  return said && *said == cid;
}

}  // namespace

Result<std::vector<PinningService>> read_pinning_services(const bj::object& fields,
                                                          const TaskRequest& request) {
  if (params_say(request, "services")) {
    return fail(Code::invalid_argument, "params: \"services\" stand in the definition's spec");
  }
  std::vector<PinningService> services;
  const auto* said = fields.if_contains("services");
  if (said == nullptr) return services;
  for (std::size_t i = 0; i < said->get_array().size(); ++i) {
    const bj::object& each = said->get_array()[i].get_object();
    PinningService service{.url = std::string(text_in(each, "url")),
                           .secret = std::string(text_in(each, "token_secret"))};
    while (service.url.ends_with('/')) service.url.pop_back();
    if (!is_http_url(service.url) || service.url.find_first_of("?#@") != std::string::npos) {
      return fail(Code::invalid_argument, "/services/" + std::to_string(i) +
                                              "/url: is no http:// or https:// URL of a service");
    }
    if (tells_in_the_clear(service.url)) {
      return fail(Code::invalid_argument,
                  "/services/" + std::to_string(i) +
                      "/url: would send the token across the network in the clear: use https");
    }
    services.push_back(std::move(service));
  }
  return services;
}

namespace {

/// Whether the service says that it has pinned the tree, whatever else it has queued or failed to.
/// The token goes to that address alone: no redirect is followed. `unavailable` and the like as of
/// other servers; `permission_denied`: it does not take the token; `failed_precondition`: there is
/// no such service there.
Result<bool> has_pinned(const PinningService& service, std::string_view token, const Cid& cid,
                        HttpStreams& http, Clock& clock, const Deadline& deadline) {
  const std::string url = service.url + "/pins?cid=" + to_string(cid) + "&status=pinned&limit=10";
  PinStatusBody body;
  const auto answer =
      http.exchange({.request = {.url = url,
                                 .headers = {{"Authorization", "Bearer " + std::string(token)},
                                             {"Accept", "application/json"}}}},
                    body, deadline);
  if (!answer) return fail(with_context(answer.error(), shown_url(service.url)));
  if (answer->status / 100 == 3) {
    return fail(Code::failed_precondition,
                shown_url(service.url) +
                    " redirects, and the token goes nowhere else: say the address it leads to");
  }
  if (answer->status != 200) {
    return fail(error_of_status(*answer, url, clock.now(), body.text()));
  }
  const auto said = json::parse(body.text());
  const auto* results =
      said && said->is_object() ? said->get_object().if_contains("results") : nullptr;
  if (results == nullptr || !results->is_array()) {
    return fail(Code::failed_precondition,
                shown_url(service.url) + " does not answer as a pinning service does");
  }
  for (const bj::value& result : results->get_array()) {
    if (is_pin_of(result, cid)) return true;
  }
  return false;
}

Result<bool> ask(const PinningService& service, const Cid& cid, ArchiveDesk& desk,
                 TaskContext& context, const Deadline& deadline) {
  const auto token = context.secret(service.secret);
  if (token) return has_pinned(service, *token, cid, *desk.web, desk.clock, deadline);
  const Error error = with_context(
      token.error(), "the token of the pinning service, secret \"" + service.secret + "\"");
  if (may_do_better(error.code)) return fail(error);
  return fail(Code::failed_precondition, error.message + " (waybill secret set)");
}

}  // namespace

Result<Copies> copies_at_services(const std::vector<PinningService>& services, const Cid& cid,
                                  ArchiveDesk& desk, TaskContext& context, const AskInTurn& turns) {
  Copies copies;
  for (const PinningService& service : services) {
    const auto pinned = ask(service, cid, desk, context, turns.next(desk.clock));
    if (pinned) {
      copies.count += *pinned ? 1 : 0;
      continue;
    }
    if (pinned.error().code == Code::cancelled) return fail(pinned.error());
    context.log(LogStream::system, "[" + pinned.error().message + "]\n");
    if (may_do_better(pinned.error().code)) continue;
    ++copies.refusals;
    if (!copies.refused) copies.refused = pinned.error();
  }
  return copies;
}

}  // namespace waybill::ipfs
