#pragma once

#include <boost/json/fwd.hpp>
#include <utility>

#include "base/result.h"
#include "http/message.h"
#include "http/problem.h"

namespace waybill::http {

/// A value, or the Problem that stands in its way.
template <class T>
using Answer = tl::expected<T, Problem>;

inline tl::unexpected<Problem> refuse(Problem problem) {
  return tl::unexpected<Problem>(std::move(problem));
}
inline tl::unexpected<Problem> refuse(const Error& error) { return refuse(problem_of(error)); }

/// The same for what the ledger answers to a whole call: that it takes no writes (any more) is no
/// mistake of who asks.
tl::unexpected<Problem> refuse_storage(const Error& error);

/// 200, or another status, with this as JSON.
Response json_response(const boost::json::value& body, int status = 200);

}  // namespace waybill::http
