#include "kinds/archive/ipfs/pin.h"

#include <algorithm>
#include <boost/json.hpp>
#include <optional>
#include <utility>
#include <vector>

#include "base/json.h"
#include "core/definition_fields.h"
#include "core/fetch/url_reference.h"
#include "kinds/archive/fields.h"
#include "kinds/archive/ipfs/leases.h"
#include "kinds/archive/ipfs/pinning_service.h"
#include "kinds/archive/outcomes.h"

namespace waybill {
namespace {

namespace bj = boost::json;

constexpr Duration kEveryDefault = std::chrono::minutes(10);
constexpr Duration kEveryMin = std::chrono::seconds(1);
/// To list what is kept, and to end it.
constexpr Duration kAskMax = std::chrono::minutes(2);
/// For each of those that may have a copy.
constexpr Duration kAskOtherMax = std::chrono::seconds(20);

struct PinOrder {
  std::optional<ipfs::Cid> cid;
  std::string name;
  std::optional<Time> until;
  std::optional<Duration> span;
  int copies = 0;  ///< 0: not asked for
  std::vector<std::string> nodes;
  std::vector<ipfs::PinningService> services;
  Duration every = kEveryDefault;
};

Status read_cid(const Fields& fields, std::optional<ipfs::Cid>& cid) {
  if (!fields.has("cid")) return {};
  auto parsed = ipfs::parse_cid(fields.text("cid"));
  if (!parsed) return fail(of_field("/cid", parsed.error()));
  cid = *parsed;
  return {};
}

Result<PinOrder> read_pin_order(const TaskRequest& request) {
  static const JsonSchema kSchema = embedded_schema(ipfs_pin_spec_schema());
  const auto object = archive_fields(request, kSchema, ipfs_pin_spec_schema());
  if (!object) return fail(object.error());
  const Fields fields(*object);
  PinOrder order{.cid = {},
                 .name = fields.text("name", to_string(request.id)),
                 .until = {},
                 .span = {},
                 .copies = static_cast<int>(fields.integer("copies", 0)),
                 .nodes = {},
                 .services = {},
                 .every = std::max(fields.duration("every", kEveryDefault), kEveryMin)};
  if (Status read = read_cid(fields, order.cid); !read) return fail(read.error());
  if (!order.cid && !has_no_params(request)) {
    return fail(Code::invalid_argument, "/cid: what is to be pinned is not said");
  }
  if (fields.has("until") && fields.has("for")) {
    return fail(Code::invalid_argument, "/for: there is an until too; one of them");
  }
  if (fields.has("until")) {
    const auto until = parse_time(fields.text("until"));
    if (!until) return fail(of_field("/until", until.error()));
    order.until = *until;
  }
  if (fields.has("for")) order.span = fields.duration("for", {});
  if (const auto* nodes = fields.find("nodes")) {
    for (const bj::value& node : nodes->get_array()) order.nodes.emplace_back(node.get_string());
  }
  for (const std::string& node : order.nodes) {
    if (!is_http_url(node)) {
      return fail(Code::invalid_argument, "/nodes: \"" + node + "\" is no http:// URL");
    }
  }
  if (!order.nodes.empty() && order.copies == 0) {
    return fail(Code::invalid_argument, "/nodes: they count for copies, of which none are asked");
  }
  auto services = ipfs::read_pinning_services(*object, request);
  if (!services) return fail(services.error());
  order.services = std::move(*services);
  if (!order.services.empty() && order.copies == 0 && !has_no_params(request)) {
    return fail(Code::invalid_argument,
                "/services: they count for copies, of which none are asked");
  }
  return order;
}

/// How many others have it: those of the nodes that say so, or else providers but ourselves.
Result<ipfs::Copies> copies_of(const PinOrder& order, ArchiveDesk& desk, TaskContext& context,
                               const Deadline& deadline) {
  const ipfs::AskInTurn turns{.deadline = deadline, .each_max = kAskOtherMax};
  int at_nodes = 0;
  for (const std::string& api : order.nodes) {
    ipfs::Node other(*desk.web, desk.clock, api);
    const auto pinned = other.is_pinned(*order.cid, turns.next(desk.clock));
    if (!pinned && pinned.error().code == Code::cancelled) return fail(pinned.error());
    // One that is away says nothing, and counts for none.
    if (!pinned) context.log(LogStream::system, "[" + pinned.error().message + "]\n");
    if (pinned && *pinned) ++at_nodes;
  }
  auto copies = ipfs::copies_at_services(order.services, *order.cid, desk, context, turns);
  if (!copies) return copies;
  copies->count += at_nodes;
  if (!order.nodes.empty() || !order.services.empty()) return copies;
  const Deadline asking{.at = std::min(deadline.at, desk.clock.steady_now() + kAskMax),
                        .stop = deadline.stop};
  ipfs::Node node(*desk.node, desk.clock, desk.ipfs_api);
  const auto self = node.peer_id(asking);
  if (!self) return fail(self.error());
  const auto peers = node.providers(*order.cid, order.copies + 1, asking);
  if (!peers) return fail(peers.error());
  copies->count =
      static_cast<int>(std::ranges::count_if(*peers, [&](const auto& id) { return id != *self; }));
  return copies;
}

class PinRun {
 public:
  PinRun(const Task& task, const PinOrder& order, ArchiveDesk& desk, TaskContext& context)
      : order_(order),
        desk_(desk),
        context_(context),
        node_(*desk.node, desk.clock, desk.ipfs_api),
        leases_(node_),
        deadline_{.at = context.deadline(), .stop = context.stop()},
        until_(order.span ? std::optional(task.created_at + *order.span) : order.until),
        lease_{.cid = *order.cid, .id = to_string(task.id()), .name = order.name, .ends = ends()} {}

  Outcome run() {
    const auto ended = was_ended();
    if (!ended) return outcome_of(ended.error());
    if (*ended) return succeed(false, "until somebody ended it", 0);
    if (Status held = hold(); !held) return outcome_of(held.error());
    context_.checkpoint(R"({"held":true})");
    if (!until_ && order_.copies == 0) return succeed(false, "for good", 0);
    int copies = 0;
    if (order_.copies > 0) {
      const auto counted = copies_of(order_, desk_, context_, deadline_);
      if (!counted && counted.error().code == Code::cancelled) return outcome_of(counted.error());
      if (!counted) context_.log(LogStream::system, "[" + counted.error().message + "]\n");
      const ipfs::Copies found = counted.value_or(ipfs::Copies{});
      copies = found.count;
      if (copies >= order_.copies) return release("copies", copies);
      const auto asked = static_cast<int>(order_.nodes.size() + order_.services.size());
      if (found.refused && asked - found.refusals < order_.copies) {
        return outcome_of(with_context(*found.refused,
                                       to_string(*order_.cid) + " stays pinned as " + order_.name));
      }
    }
    const Time now = desk_.clock.now();
    if (until_ && now >= *until_) {
      if (order_.copies == 0) return release("time", copies);
      return outcome::Failed{
          .failure_class = FailureClass::permanent,
          .error = "only " + std::to_string(copies) + " of " + std::to_string(order_.copies) +
                   " others had " + to_string(*order_.cid) + " by " + format_time(*until_) +
                   ": it stays pinned as " + order_.name + "; ipfs.unpin ends that"};
    }
    tell(copies);
    return outcome::Snoozed{.delay = until_ ? std::min<Duration>(order_.every, *until_ - now)
                                            : order_.every};
  }

 private:
  /// Whether the lease that an earlier look began is there no more.
  Result<bool> was_ended() {
    if (context_.last_checkpoint().empty()) return false;
    const auto leases = leases_.list(lease_.cid, asking());
    if (!leases) return fail(leases.error());
    return std::ranges::none_of(*leases,
                                [this](const ipfs::Lease& each) { return each.id == lease_.id; });
  }

  /// First the lease, then the pin: who ends another one sees it, and pins again. A lease that is
  /// there is not written again: somebody may end it now.
  Status hold() {
    const bool is_new = context_.last_checkpoint().empty();
    if (is_new) {
      if (Status put = leases_.put(lease_, asking()); !put) return put;
    }
    Status pinned = pin();
    // What is not there is not held, and keeps nobody else's pin.
    if (!pinned && is_new) {
      if (const auto gone = leases_.end({lease_}, std::nullopt, asking()); !gone) {
        context_.log(LogStream::system, "[" + gone.error().message + "]\n");
      }
    }
    return pinned;
  }

  Status pin() {
    const auto pinned = node_.is_pinned(lease_.cid, asking());
    if (!pinned) return fail(pinned.error());
    if (*pinned) return {};
    return node_.pin(
        lease_.cid, order_.name,
        [this](std::int64_t blocks) {
          context_.progress(json::serialize(
              bj::object{{"done", blocks}, {"unit", "blocks"}, {"message", "pinning"}}));
        },
        deadline_);
  }

  Outcome release(std::string_view why, int copies) {
    const auto unpinned = leases_.end({lease_}, std::nullopt, asking());
    if (!unpinned) return outcome_of(unpinned.error());
    return succeed(*unpinned, why, copies);
  }

  Outcome succeed(bool unpinned, std::string_view why, int copies) const {
    return outcome::Succeeded{.result =
                                  json::serialize(bj::object{{"cid", to_string(lease_.cid)},
                                                             {"name", json::text(order_.name)},
                                                             {"held", json::text(why)},
                                                             {"copies", copies},
                                                             {"unpinned", unpinned}})};
  }

  void tell(int copies) {
    bj::object progress{{"message", json::text("pinned " + lease_.ends)}, {"copies", copies}};
    if (order_.copies > 0) {
      progress["done"] = copies;
      progress["of"] = order_.copies;
    }
    context_.progress(json::serialize(progress));
  }

  std::string ends() const {
    std::string text;
    if (order_.copies > 0) {
      text = "until " + std::to_string(order_.copies) +
             (order_.copies == 1 ? " other has it" : " others have it");
    }
    if (until_) text += (text.empty() ? "until " : ", by ") + format_time(*until_);
    return text.empty() ? "for good" : text;
  }

  Deadline asking() const {
    return {.at = std::min(deadline_.at, desk_.clock.steady_now() + kAskMax),
            .stop = deadline_.stop};
  }

  const PinOrder& order_;
  ArchiveDesk& desk_;
  TaskContext& context_;
  ipfs::Node node_;
  ipfs::Leases leases_;
  const Deadline deadline_;
  const std::optional<Time> until_;
  const ipfs::Lease lease_;
};

struct UnpinOrder {
  std::optional<ipfs::Cid> cid;
  std::string name;
};
Result<UnpinOrder> read_unpin_order(const TaskRequest& request) {
  static const JsonSchema kSchema = embedded_schema(ipfs_unpin_spec_schema());
  const auto object = archive_fields(request, kSchema, ipfs_unpin_spec_schema());
  if (!object) return fail(object.error());
  const Fields fields(*object);
  UnpinOrder order{.cid = {}, .name = fields.text("name")};
  if (Status read = read_cid(fields, order.cid); !read) return fail(read.error());
  if (!order.cid && order.name.empty() && !has_no_params(request)) {
    return fail(Code::invalid_argument, "/cid: neither that nor a name is said");
  }
  return order;
}

Status check_no_fields(const TaskRequest& request) {
  static const JsonSchema kSchema = embedded_schema(ipfs_none_spec_schema());
  const auto object = archive_fields(request, kSchema, ipfs_none_spec_schema());
  return object ? Status() : Status(fail(object.error()));
}

bool has_node(const ArchiveDesk* desk) { return desk != nullptr && !desk->ipfs_api.empty(); }

Deadline deadline_of(const ArchiveDesk& desk, const TaskContext& context) {
  return {.at = std::min(context.deadline(), desk.clock.steady_now() + kAskMax),
          .stop = context.stop()};
}

Outcome no_node() { return outcome_of({Code::failed_precondition, std::string(ipfs::kNoNode)}); }

}  // namespace

Status IpfsPinKind::check(const TaskRequest& request) const {
  const auto order = read_pin_order(request);
  return order ? Status() : Status(fail(order.error()));
}

Outcome IpfsPinKind::run(const Task& task, TaskContext& context) {
  const auto order = read_pin_order(task.request);
  if (!order) return outcome_of(order.error());
  if (!order->cid) {
    return outcome_of({Code::invalid_argument, "/cid: what is to be pinned is not said"});
  }
  if (!has_node(desk_)) return no_node();
  return PinRun(task, *order, *desk_, context).run();
}

Status IpfsUnpinKind::check(const TaskRequest& request) const {
  const auto order = read_unpin_order(request);
  return order ? Status() : Status(fail(order.error()));
}

Outcome IpfsUnpinKind::run(const Task& task, TaskContext& context) {
  const auto order = read_unpin_order(task.request);
  if (!order) return outcome_of(order.error());
  if (!order->cid && order->name.empty()) {
    return outcome_of({Code::invalid_argument, "/cid: neither that nor a name is said"});
  }
  if (!has_node(desk_)) return no_node();
  ipfs::Node node(*desk_->node, desk_->clock, desk_->ipfs_api);
  ipfs::Leases leases(node);
  const Deadline deadline = deadline_of(*desk_, context);
  const auto found = leases.list(order->cid, deadline);
  if (!found) return outcome_of(found.error());
  // Without a name no lease is meant, only the pin of `ipfs.add…` or of people.
  std::vector<ipfs::Lease> meant;
  bj::array held_by;
  for (const ipfs::Lease& lease : *found) {
    const bool is_meant = !order->name.empty() && lease.name == order->name;
    if (is_meant) {
      meant.push_back(lease);
    } else if (order->cid) {
      held_by.push_back(json::text(lease.name));
    }
  }
  const auto unpinned = leases.end(meant, order->cid, deadline);
  if (!unpinned) return outcome_of(unpinned.error());
  return outcome::Succeeded{.result = json::serialize(bj::object{{"unpinned", *unpinned},
                                                                 {"leases_ended", meant.size()},
                                                                 {"held_by", std::move(held_by)}})};
}

Status IpfsPinsKind::check(const TaskRequest& request) const { return check_no_fields(request); }

Outcome IpfsPinsKind::run(const Task& /*task*/, TaskContext& context) {
  if (!has_node(desk_)) return no_node();
  ipfs::Node node(*desk_->node, desk_->clock, desk_->ipfs_api);
  const auto leases = ipfs::Leases(node).list(std::nullopt, deadline_of(*desk_, context));
  if (!leases) return outcome_of(leases.error());
  bj::array pins;
  for (const ipfs::Lease& lease : *leases) {
    pins.push_back(bj::object{{"name", json::text(lease.name)},
                              {"cid", to_string(lease.cid)},
                              {"held", json::text(lease.ends)},
                              {"task", json::text(lease.id)}});
  }
  return outcome::Succeeded{.result = json::serialize(bj::object{{"pins", std::move(pins)}})};
}

Status IpfsGcKind::check(const TaskRequest& request) const { return check_no_fields(request); }

Outcome IpfsGcKind::run(const Task& /*task*/, TaskContext& context) {
  if (!has_node(desk_)) return no_node();
  ipfs::Node node(*desk_->node, desk_->clock, desk_->ipfs_api);
  std::int64_t removed = 0;
  std::string error;
  const Status collected =
      node.call({.command = "repo/gc", .query = {{"stream-errors", "true"}}},
                [&](const bj::object& line) {
                  const auto* text = line.if_contains("Error");
                  if (text != nullptr && text->is_string() && !text->get_string().empty()) {
                    error = text->get_string();
                  } else {
                    ++removed;
                  }
                  return Status();
                },
                {.at = context.deadline(), .stop = context.stop()});
  if (!collected) return outcome_of(collected.error());
  if (!error.empty()) return outcome_of({Code::unavailable, "the node of IPFS: " + error});
  return outcome::Succeeded{.result = json::serialize(bj::object{{"blocks_removed", removed}})};
}

}  // namespace waybill
