#include "apps/waybill/cli/dry_run.h"

#include <boost/json.hpp>

namespace waybill::cli {

boost::json::object answer(Doing doing, boost::json::object object) {
  if (doing == Doing::dry) object["dry_run"] = true;
  return object;
}

}  // namespace waybill::cli
