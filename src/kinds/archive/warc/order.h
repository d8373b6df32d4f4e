#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "core/task.h"
#include "kinds/archive/polite/manners.h"

namespace waybill {

std::string_view capture_spec_schema();

/// What is to be captured (docs/reference/archive-kinds.md).
struct CaptureOrder {
  std::vector<std::string> urls;
  std::string list_sha256;  ///< of an artifact of lines; empty: none
  std::string name = "capture";
  std::vector<std::string> earlier;  ///< SHA-256 of indexes
  bool is_package = true;            ///< WACZ
  std::int64_t file_bytes_max = std::int64_t{1} << 30;
  std::int64_t url_bytes_max = std::int64_t{256} << 20;
  Duration url_time_max = std::chrono::minutes(10);
  int concurrency = 8;
  Manners manners{
      .obeys_robots = true, .per_host = 2, .delay = {}, .wait_max = std::chrono::seconds(2)};
  int redirects_max = 5;
  int tries = 3;
  int retries_per_host = 20;
  std::int64_t bytes_max = 0;  ///< of all artifacts
};
/// `invalid_argument`, which begins with a JSON pointer where one field is wrong.
Result<CaptureOrder> read_capture_order(const TaskRequest& request);

/// A URL as it is asked for: without its fragment, with what is no ASCII percent-encoded. Refused
/// are what is no http or https URL, and one with a user or a password, which would stand in the
/// archive.
Result<std::string> url_to_capture(std::string_view text);

}  // namespace waybill
