#include "kinds/archive/polite/manners.h"

#include "core/definition_fields.h"
#include "kinds/archive/fields.h"

namespace waybill {

Status read_manners(const Fields& fields, Manners& manners) {
  if (fields.has("robots")) manners.obeys_robots = fields.text("robots") == "honour";
  manners.per_host = static_cast<int>(fields.integer("per_host", manners.per_host));
  if (!fields.has("delay")) return {};
  const auto delay = parse_duration(fields.text("delay"));
  if (!delay) return fail(of_field("/delay", delay.error()));
  if (*delay < Duration(0) || *delay > std::chrono::hours(1)) {
    return fail(Code::invalid_argument, "/delay: is not between 0s and 1h");
  }
  manners.delay = *delay;
  return {};
}

}  // namespace waybill
