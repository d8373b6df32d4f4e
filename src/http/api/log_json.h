#pragma once

#include <boost/json/fwd.hpp>

#include "ports/log_store.h"

namespace waybill::http {

/// A piece of a task's output for programs: {attempt, at, stream, text}. What is not UTF-8 becomes
/// U+FFFD.
boost::json::object chunk_to_json(const LogChunk& chunk);

}  // namespace waybill::http
