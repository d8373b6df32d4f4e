#pragma once

#include "base/result.h"
#include "base/time.h"

namespace waybill {

class Fields;

/// How a task treats the servers that it asks.
struct Manners {
  bool obeys_robots = false;
  int per_host = 8;  ///< requests at once, of all workers
  Duration delay{};  ///< between two requests of all workers; a Crawl-delay may be longer
  Duration wait_max = std::chrono::seconds(10);  ///< for a turn
};

/// Takes the fields `robots`, `per_host` and `delay`, as far as they are there. `invalid_argument`
/// with the pointer of the field.
Status read_manners(const Fields& fields, Manners& manners);

}  // namespace waybill
