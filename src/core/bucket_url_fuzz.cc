// Any bucket's URL: it is refused with its form, or it is the scheme and the names that were read.
#include "core/bucket_url.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"

namespace {

using namespace waybill;

/// A name goes into request lines and hosts.
bool is_one_word(std::string_view name) {
  return !name.empty() && name.find_first_of("/?#% ") == name.npos;
}

std::string written(const BucketUrl& url) {
  switch (url.scheme) {
    case BucketScheme::s3:
      WAYBILL_CHECK(is_one_word(url.region) && is_one_word(url.name), "names are words");
      return "s3://" + url.region + "/" + url.name;
    case BucketScheme::gs:
      WAYBILL_CHECK(url.region.empty() && is_one_word(url.name), "a name is a word");
      return "gs://" + url.name;
    case BucketScheme::file:
      WAYBILL_CHECK(url.region.empty() && url.name.starts_with('/'), "a directory is absolute");
      return "file://" + url.name;
  }
  return "";
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto url = parse_bucket_url(text);
  if (!url) {
    WAYBILL_CHECK(url.error().message.find("s3://REGION/NAME") != std::string::npos,
                  "a refusal says what a URL looks like");
    return 0;
  }
  WAYBILL_CHECK(url->text == text, "a URL is kept as it was given");
  WAYBILL_CHECK(written(*url) == text, "nothing of a URL is lost or added");
  return 0;
}
