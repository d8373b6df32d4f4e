#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace waybill {

inline tl::unexpected<Error> not_for_workers(std::string_view what) {
  return fail(Code::unimplemented,
              "a worker over the network does not " + std::string(what) + "; its server does");
}

}  // namespace waybill
