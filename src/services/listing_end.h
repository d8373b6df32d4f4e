#pragma once

#include <set>
#include <string>
#include <utility>

#include "base/result.h"

namespace waybill {

/// Sees to it that a listing comes to its end: a server that gives a token once more would be asked
/// for ever.
class ListingEnd {
 public:
  /// The token of the next page, as a page names it: empty at the end. `data_loss` if it came
  /// before.
  Result<std::string> next(std::string token) {
    if (token.empty() || seen_.insert(token).second) return token;
    return fail(Code::data_loss,
                "the listing goes round: the server gives the token of a page that it gave before");
  }

 private:
  std::set<std::string> seen_;
};

}  // namespace waybill
