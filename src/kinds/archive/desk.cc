#include "kinds/archive/desk.h"

#include <boost/json.hpp>

#include "base/json.h"

namespace waybill {
namespace {

constexpr Duration kTellEvery = std::chrono::milliseconds(500);

}  // namespace

void BytesProgress::tell(std::int64_t done, std::int64_t total) {
  const SteadyTime now = clock_.steady_now();
  if (now < next_ && done != total) return;
  next_ = now + kTellEvery;
  boost::json::object progress{{"done", done}};
  if (total >= 0) progress["of"] = total;
  progress["unit"] = "bytes";
  progress["message"] = json::text(what_);
  context_.progress(json::serialize(progress));
}

}  // namespace waybill
