#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace waybill {

enum class BucketScheme : std::uint8_t { file, s3, gs };

/// `file:///DIR`, `s3://REGION/NAME` or `gs://NAME`, as workflow-manager writes them.
struct BucketUrl {
  std::string text;  ///< as given
  BucketScheme scheme = BucketScheme::file;
  std::string region;  ///< s3 only
  std::string name;    ///< of the bucket; the path, percent-encoded, of a directory

  bool operator==(const BucketUrl&) const = default;
};

/// Strict. `failed_precondition` for what workflow-manager refused too (in its words, where it had
/// any) or fell over, `invalid_argument` for what it took although it makes no sense: it looked at
/// the first two letters only.
Result<BucketUrl> parse_bucket_url(std::string_view text);

}  // namespace waybill
