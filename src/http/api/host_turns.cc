// Turns at hosts, for workers that have no ledger of their own.

#include <boost/json.hpp>
#include <utility>
#include <vector>

#include "base/json.h"
#include "core/definition_fields.h"
#include "http/api/routes.h"
#include "ports/host_turns.h"

namespace waybill::http {
namespace {

namespace bj = boost::json;

HostNeed need_of(const Fields& fields) {
  const auto count = [&fields](const char* name) {
    return static_cast<int>(fields.integer(name, 0));
  };
  return {.host = fields.text("host"),
          .slots_used = count("slots_used"),
          .slots_wanted = count("slots_wanted"),
          .slots_max = count("slots_max"),
          .delay = fields.duration("delay", Duration(0)),
          .times_wanted = count("times_wanted"),
          .wait_max = fields.duration("wait_max", Duration(0)),
          .leave_alone = fields.duration("leave_alone", Duration(0)),
          .failures = count("failures")};
}

Answer<Reply> take_host_turns(HostTurns& turns, const Call& call) {
  const Fields fields(call.body.get_object());
  std::vector<HostNeed> needs;
  for (const bj::value& each : fields.find("hosts")->get_array()) {
    needs.push_back(need_of(Fields(each.get_object())));
  }
  const HostHolding holding{.holder = parse_uuid(fields.text("holder")).value(),
                            .lease = fields.duration("lease", std::chrono::seconds(10))};
  // What is wrong with the request is no failure of the ledger.
  if (Status fits = check_host_needs(holding, needs); !fits) return refuse(fits.error());
  const auto terms = turns.take(holding, needs);
  if (!terms) return refuse_storage(terms.error());
  bj::array hosts;
  for (std::size_t i = 0; i < needs.size(); ++i) {
    const HostTerms& each = (*terms)[i];
    hosts.push_back(bj::object{{"host", json::text(needs[i].host)},
                               {"slots", each.slots},
                               {"times", each.times},
                               {"wait", format_duration(each.wait)},
                               {"alone", format_duration(each.alone)},
                               {"spent", each.is_spent}});
  }
  return json_response(bj::object{{"hosts", std::move(hosts)}});
}

}  // namespace

void add_host_turn_handlers(const ApiParts& parts, Handlers& handlers) {
  handlers["takeHostTurns"] = [&parts](const Call& call) -> Answer<Reply> {
    if (parts.host_turns != nullptr) return take_host_turns(*parts.host_turns, call);
    return refuse(
        Error{.code = Code::unimplemented, .message = "this server has no turns at hosts"});
  };
}

}  // namespace waybill::http
