#pragma once

#include <string>
#include <string_view>

#include "ports/object_store.h"

namespace waybill::s3 {

/// Reads the answer to ListObjectsV2. `data_loss` for what is none, or is cut off.
Result<ListPage> parse_listing(std::string_view xml);

/// What an error document says; all empty where it is none.
struct ErrorDocument {
  std::string code;  ///< NoSuchKey
  std::string message;
  std::string region;  ///< where the bucket is, if the request went elsewhere
};
ErrorDocument parse_error(std::string_view xml);

}  // namespace waybill::s3
