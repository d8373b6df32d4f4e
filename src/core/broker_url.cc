#include "core/broker_url.h"

#include <algorithm>
#include <utility>

#include "core/url_password.h"

namespace waybill {
namespace {

constexpr std::string_view kKnown =
    "amqp://HOST:PORT/VHOST, amqps://…, amqp, gcp-pubsub:PROJECT or aws-sns:REGION";

/// A project or region: nothing that would lead elsewhere in a URL.
bool is_plain(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == ':' || c == '.';
  });
}

}  // namespace

Result<BrokerUrl> parse_broker_url(std::string_view text) {
  const auto refuse = [](const std::string& why) { return fail(Code::invalid_argument, why); };
  if (text.empty()) return BrokerUrl{};
  if (text == "amqp") return BrokerUrl{.kind = BrokerKind::amqp, .place = ""};
  if (text.starts_with("amqp://") || text.starts_with("amqps://")) {
    if (url_holds_password(text)) {
      return refuse(
          "holds a password, which all can read who may list processes; give just amqp, and put "
          "the URL into the variable WAYBILL_AMQP_URL, or into a file that --amqp-url-file names");
    }
    return BrokerUrl{.kind = BrokerKind::amqp, .place = std::string(text)};
  }
  for (const auto& [name, kind] : {std::pair{std::string_view("gcp-pubsub:"), BrokerKind::pubsub},
                                   std::pair{std::string_view("aws-sns:"), BrokerKind::sns}}) {
    if (!text.starts_with(name)) continue;
    const std::string_view place = text.substr(name.size());
    if (is_plain(place)) return BrokerUrl{.kind = kind, .place = std::string(place)};
    return refuse(std::string(name) + " is followed by a " +
                  (kind == BrokerKind::sns ? "region, as in aws-sns:eu-west-1"
                                           : "project, as in gcp-pubsub:my-project"));
  }
  if (url_holds_password(text)) return refuse("names no broker; give " + std::string(kKnown));
  return refuse("\"" + std::string(text) + "\" names no broker; give " + std::string(kKnown) +
                ". A queue of the ledger is named by --queues");
}

}  // namespace waybill
