#include "http/api/log_json.h"

#include <boost/json.hpp>

#include "base/json.h"
#include "base/utf8.h"
#include "core/task_json.h"

namespace waybill::http {

boost::json::object chunk_to_json(const LogChunk& chunk) {
  return {{"attempt", chunk.attempt},
          {"at", time_to_json(chunk.at)},
          {"stream", json::text(to_string(chunk.stream))},
          {"text", json::text(mend_utf8(chunk.bytes))}};
}

}  // namespace waybill::http
