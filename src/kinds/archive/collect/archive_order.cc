#include "kinds/archive/collect/archive_order.h"

#include <boost/json.hpp>

#include "core/artifact.h"
#include "core/definition_fields.h"
#include "core/size.h"
#include "kinds/archive/fields.h"
#include "kinds/archive/ipfs/node.h"

namespace waybill {
namespace {

constexpr int kParallelism = 2;

Status read_time(const Fields& fields, std::string_view name, Duration& into) {
  if (!fields.has(name)) return {};
  const auto read = parse_duration(fields.text(name));
  if (!read || *read < Duration(0)) {
    return fail(Code::invalid_argument, "/" + std::string(name) + ": is no duration like 500ms");
  }
  into = *read;
  return {};
}

}  // namespace

Result<ArchiveTerms> read_archive_terms(const boost::json::object& object,
                                        const TaskRequest& request) {
  const Fields fields(object);
  ArchiveTerms terms{.parallelism = static_cast<int>(fields.integer("parallelism", kParallelism)),
                     .bytes_max = artifact_bytes_max(request.spec)};
  terms.obeys_robots = fields.text("robots", "honour") == "honour";
  const Fields limits(fields.object("limits"));
  if (limits.has("artifacts")) {
    const auto size = parse_size(limits.text("artifacts"));
    if (!size) return fail(of_field("/limits/artifacts", size.error()));
  }
  if (Status read = read_time(fields, "crawlDelay", terms.delay); !read) return fail(read.error());
  if (Status read = read_time(fields, "fresh", terms.fresh); !read) return fail(read.error());
  if (fields.flag("skipArchived", false)) {
    terms.fresh = std::chrono::duration_cast<Duration>(std::chrono::hours(24 * 365 * 100));
  }
  return terms;
}

Status can_archive(const ArchiveDesk* desk) {
  if (desk == nullptr || desk->collections == nullptr) {
    return fail(Code::failed_precondition, "no collections are kept here");
  }
  if (desk->ipfs_api.empty()) {
    return fail(Code::failed_precondition, std::string(ipfs::kNoNode));
  }
  return {};
}

}  // namespace waybill
