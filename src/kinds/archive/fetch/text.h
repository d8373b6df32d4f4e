#pragma once

#include <string>

#include "base/deadline.h"
#include "base/result.h"
#include "ports/clock.h"
#include "ports/http_streams.h"

namespace waybill {

/// A small text from a URL, as a listing or a digest.
struct TextAsked {
  std::string url;
  std::string what;  ///< for people: "its file of digests"
  std::size_t bytes_max = 1 << 20;
  int redirects_max = 10;
};
/// What is there, after redirects, none of which leads from https to http. Errors as of Downloader.
Result<std::string> fetch_text(const TextAsked& asked, HttpStreams& http, Clock& clock,
                               const Deadline& deadline);

}  // namespace waybill
