#pragma once

#include <string>
#include <string_view>

#include "ports/object_store.h"

namespace waybill::gcs {

/// Reads the answer to Objects: list. `data_loss` for what is none.
Result<ListPage> parse_listing(std::string_view json);

/// What an error answer says; all empty where it is none.
struct ErrorDocument {
  std::string reason;  ///< of the first error: rateLimitExceeded
  std::string message;
};
ErrorDocument parse_error(std::string_view json);

/// The member of an object's own metadata that names the put it was written by.
inline constexpr std::string_view kPutName = "waybill-put";

/// Whether it is the answer to an upload, which is JSON, and not the page of a proxy.
bool is_upload_answer(std::string_view text);

/// Reads kPutName from an object resource; empty where there is none.
std::string parse_put_name(std::string_view json);

/// The body of a multipart upload (RFC 2387), and the type that goes with it.
struct Upload {
  std::string content_type;
  std::string body;
};
/// With the MD5 of `body`, which the server checks. `put_name` may be empty.
Upload multipart_upload(const std::string& key, const std::string& put_name, std::string_view body);

}  // namespace waybill::gcs
