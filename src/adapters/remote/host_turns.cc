#include "adapters/remote/host_turns.h"

#include <boost/json.hpp>
#include <exception>
#include <string>
#include <utility>

#include "base/json.h"

namespace waybill {
namespace {

namespace bj = boost::json;

constexpr const char* kHostTurnsPath = "/v1/host-turns";

bj::object need_to_json(const HostNeed& need) {
  return {{"host", json::text(need.host)},
          {"slots_used", need.slots_used},
          {"slots_wanted", need.slots_wanted},
          {"slots_max", need.slots_max},
          {"delay", format_duration(need.delay)},
          {"times_wanted", need.times_wanted},
          {"wait_max", format_duration(need.wait_max)},
          {"leave_alone", format_duration(need.leave_alone)},
          {"failures", need.failures}};
}

/// Throws what is not understood.
Duration duration_at(const bj::object& object, const char* name) {
  return parse_duration(std::string_view(object.at(name).as_string())).value();
}

HostTerms terms_of(const bj::object& object) {
  return {.slots = object.at("slots").to_number<int>(),
          .times = object.at("times").to_number<int>(),
          .wait = duration_at(object, "wait"),
          .alone = duration_at(object, "alone"),
          .is_spent = object.at("spent").as_bool()};
}

}  // namespace

Result<std::vector<HostTerms>> RemoteHostTurns::take(const HostHolding& holding,
                                                     std::span<const HostNeed> needs) {
  if (is_alone_) return alone_.take(holding, needs);
  bj::array hosts;
  for (const HostNeed& need : needs) hosts.push_back(need_to_json(need));
  const auto answer = server_.post(
      kHostTurnsPath, json::serialize(bj::object{{"holder", to_string(holding.holder)},
                                                 {"lease", format_duration(holding.lease)},
                                                 {"hosts", std::move(hosts)}}));
  if (!answer && answer.error().code == Code::not_found) {
    is_alone_ = true;
    return alone_.take(holding, needs);
  }
  if (!answer) return fail(answer.error());
  try {
    std::vector<HostTerms> terms;
    for (const bj::value& each : answer->as_object().at("hosts").as_array()) {
      terms.push_back(terms_of(each.as_object()));
    }
    if (terms.size() == needs.size()) return terms;
    return server_.not_understood(kHostTurnsPath, "it answers for other hosts");
  } catch (const std::exception& error) {
    return server_.not_understood(kHostTurnsPath, error.what());
  }
}

}  // namespace waybill
