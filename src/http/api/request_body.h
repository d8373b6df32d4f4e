#pragma once

#include <boost/json/fwd.hpp>
#include <string>

#include "base/json.h"
#include "http/answer.h"
#include "http/api_document.h"
#include "http/message.h"

namespace waybill::http {

/// The body of a request as the operation takes it; an empty object where it needs none and none
/// was sent, or takes bytes. Problems: 400 for what is no JSON, names a member twice or breaks the
/// schema, 415 for another type, another character set or a compressed body.
Answer<boost::json::value> read_body(const ApiDocument& document, const Operation& operation,
                                     const Request& request, json::Arena& arena);

/// The Idempotency-Key; empty: none. 400: it is none.
Answer<std::string> read_key(const Request& request);

}  // namespace waybill::http
