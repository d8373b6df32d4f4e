#include <charconv>

#include "base/percent.h"
#include "bench/cloud/services.h"

namespace waybill::bench {
namespace {

constexpr std::string_view kXml = "application/xml";

CloudResponse refused(CloudState& state, int status, const std::string& code) {
  ++state.counts.refused;
  return {.status = status,
          .body = "<?xml version=\"1.0\"?><Error><Code>" + code + "</Code></Error>",
          .type = kXml};
}

std::size_t number(std::string_view text, std::size_t fallback) {
  std::size_t value = fallback;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

/// ListObjectsV2 as Amazon answers it, with keys percent-encoded.
CloudResponse list(CloudState& state, const CloudBucket& bucket, const CloudRequest& request) {
  ++state.counts.list;
  PageParams params{.prefix = request.parameter("prefix"),
                    .delimiter = request.parameter("delimiter"),
                    .count_max = number(request.parameter("max-keys"), 1000)};
  const std::string token = request.parameter("continuation-token");
  const std::string after = request.parameter("start-after");
  params.from = !token.empty() ? token : after.empty() ? "" : after + '\0';
  const CloudPage page = page_of(bucket, params);
  std::string xml =
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<ListBucketResult "
      "xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><EncodingType>url</EncodingType>"
      "<IsTruncated>";
  xml += page.next.empty() ? "false" : "true";
  xml += "</IsTruncated>";
  if (!page.next.empty()) {
    // Not among what encoding-type encodes; the keys of the benchmark need no escape.
    xml += "<NextContinuationToken>" + page.next + "</NextContinuationToken>";
  }
  for (const std::string_view key : page.keys) {
    xml.append("<Contents><Key>").append(to_percent(key, "/"));
    xml +=
        "</Key><LastModified>2020-10-31T11:30:00.000Z</LastModified>"
        "<ETag>&quot;d41d8cd98f00b204e9800998ecf8427e&quot;</ETag><Size>75</Size>"
        "<StorageClass>STANDARD</StorageClass></Contents>";
  }
  for (const std::string& prefix : page.prefixes) {
    xml += "<CommonPrefixes><Prefix>" + to_percent(prefix, "/") + "</Prefix></CommonPrefixes>";
  }
  return {.body = xml + "</ListBucketResult>", .type = kXml};
}

CloudResponse put(CloudState& state, CloudBucket& bucket, const std::string& key,
                  const CloudRequest& request) {
  ++state.counts.put;
  if (request.header("if-none-match") == "*" && bucket.contains(key)) {
    return refused(state, 412, "PreconditionFailed");
  }
  bucket[key] = {.body = std::string(request.body)};
  return {.type = kXml};
}

}  // namespace

CloudResponse serve_s3(CloudState& state, const CloudRequest& request) {
  const std::string_view path = request.path.substr(1);
  const std::size_t slash = path.find('/');
  const auto bucket = state.buckets.find(path.substr(0, slash));
  if (bucket == state.buckets.end()) return refused(state, 404, "NoSuchBucket");
  const std::string key =
      slash == path.npos ? "" : from_percent(path.substr(slash + 1)).value_or("");
  if (key.empty()) return list(state, bucket->second, request);
  if (request.method == "PUT") return put(state, bucket->second, key, request);
  if (request.method == "DELETE") {
    ++state.counts.remove;
    bucket->second.erase(key);
    return {.status = 204, .type = kXml};
  }
  ++state.counts.get;
  const auto object = bucket->second.find(key);
  if (object == bucket->second.end()) return refused(state, 404, "NoSuchKey");
  return {.body = object->second.body, .type = "binary/octet-stream"};
}

CloudResponse serve_sns(CloudState& state, const CloudRequest& request) {
  constexpr std::string_view kMessage = ".Message=";
  ++state.counts.publish;
  std::string xml =
      "<PublishBatchResponse xmlns=\"http://sns.amazonaws.com/doc/2010-03-31/\">"
      "<PublishBatchResult><Failed/><Successful>";
  std::size_t entries = 0;
  std::size_t at = request.body.find(kMessage);
  for (; at != request.body.npos; at = request.body.find(kMessage, at)) {
    at += kMessage.size();
    const std::string_view field = request.body.substr(at, request.body.find('&', at) - at);
    note_trace_id(state, from_percent(field).value_or(""));
    const std::string number = std::to_string(++entries);
    xml += "<member><Id>" + number + "</Id><MessageId>" + number + "</MessageId></member>";
  }
  return {.body = xml + "</Successful></PublishBatchResult></PublishBatchResponse>", .type = kXml};
}

}  // namespace waybill::bench
