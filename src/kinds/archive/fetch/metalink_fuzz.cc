#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "core/artifact.h"
#include "core/fetch/url_reference.h"
#include "kinds/archive/fetch/metalink.h"

// A name, a line break, a metalink: any bytes are read, or refused with a reason; nothing of it
// leads out of a directory, or to what is no http.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace waybill;
  const std::string_view all(reinterpret_cast<const char*>(data), size);
  const auto end = all.find('\n');
  const std::string_view wanted = all.substr(0, end);
  const auto file =
      read_metalink(end == all.npos ? std::string_view() : all.substr(end + 1), wanted);
  WAYBILL_CHECK(file || !file.error().message.empty(), "a refusal says why");
  if (!file) return 0;
  WAYBILL_CHECK(check_artifact_name(file->name), "a name that is none");
  WAYBILL_CHECK(file->name.find('/') == file->name.npos, "a name with a path");
  WAYBILL_CHECK(file->urls.size() <= kMetalinkMirrorsMax, "more mirrors than are kept");
  for (const auto& url : file->urls) WAYBILL_CHECK(is_http_url(url), "a mirror that is no http");
  WAYBILL_CHECK(file->sha256.empty() || file->sha256.size() == 64, "half a digest");
  WAYBILL_CHECK(file->size_bytes >= -1, "a size below nothing");
  return 0;
}
