#include "core/bucket_url.h"

namespace waybill {
namespace {

constexpr std::string_view kForms =
    "; a bucket is written s3://REGION/NAME, gs://NAME or file:///DIRECTORY";

tl::unexpected<Error> refuse(Code code, std::string_view text, std::string_view why) {
  return fail(code, std::string(why) + " '" + std::string(text) + "'" + std::string(kForms));
}

bool is_bucket_name(std::string_view name) {
  return !name.empty() && name.find_first_of("/?#%\\ ") == std::string_view::npos;
}

Result<BucketUrl> parse_s3(std::string_view text) {
  const std::string_view rest = text.substr(5);
  const std::size_t slash = rest.find('/');
  const std::string_view region = rest.substr(0, slash);
  const std::string_view name =
      slash == std::string_view::npos ? std::string_view{} : rest.substr(slash + 1);
  if (!is_bucket_name(region) || !is_bucket_name(name)) {
    return refuse(Code::failed_precondition, text, "invalid S3 Bucket name");
  }
  return BucketUrl{.text = std::string(text),
                   .scheme = BucketScheme::s3,
                   .region = std::string(region),
                   .name = std::string(name)};
}

}  // namespace

Result<BucketUrl> parse_bucket_url(std::string_view text) {
  if (text.empty()) {
    return fail(Code::failed_precondition, "empty Bucket URL" + std::string(kForms));
  }
  if (text.starts_with("s3://")) return parse_s3(text);
  if (text.starts_with("gs://")) {
    const std::string_view name = text.substr(5);
    if (!is_bucket_name(name)) {
      return refuse(Code::failed_precondition, text, "invalid GCS Bucket name");
    }
    return BucketUrl{
        .text = std::string(text), .scheme = BucketScheme::gs, .name = std::string(name)};
  }
  if (text.starts_with("file:///")) {
    return BucketUrl{.text = std::string(text),
                     .scheme = BucketScheme::file,
                     .name = std::string(text.substr(7))};
  }
  const bool was_taken = text.size() > 4 && (text.starts_with("s3") || text.starts_with("gs"));
  return was_taken ? refuse(Code::invalid_argument, text, "no bucket's URL:")
                   : refuse(Code::failed_precondition, text, "unrecognized Bucket URL");
}

}  // namespace waybill
