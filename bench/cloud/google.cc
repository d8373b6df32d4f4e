#include <boost/json.hpp>
#include <charconv>

#include "base/base64.h"
#include "base/json.h"
#include "base/percent.h"
#include "bench/cloud/services.h"

namespace waybill::bench {
namespace {

namespace bj = boost::json;

constexpr std::string_view kUpload = "/upload/storage/v1/b/";
constexpr std::string_view kStorage = "/storage/v1/b/";

CloudResponse refused(CloudState& state, int status) {
  ++state.counts.refused;
  return {.status = status,
          .body = R"({"error":{"code":)" + std::to_string(status) + R"(,"message":"refused"}})"};
}

std::string text_of(const bj::value& json, std::string_view name) {
  const bj::value* member = json.is_object() ? json.get_object().if_contains(name) : nullptr;
  return member != nullptr && member->is_string() ? std::string(member->get_string()) : "";
}

CloudResponse list(CloudState& state, const CloudBucket& bucket, const CloudRequest& request) {
  ++state.counts.list;
  PageParams params{.prefix = request.parameter("prefix"),
                    .from = request.parameter("startOffset"),
                    .before = request.parameter("endOffset"),
                    .delimiter = request.parameter("delimiter")};
  const std::string token = request.parameter("pageToken");
  if (!token.empty()) params.from = token;
  const std::string count = request.parameter("maxResults");
  std::from_chars(count.data(), count.data() + count.size(), params.count_max);
  const bool is_full = request.parameter("fields").find("updated") != std::string::npos;
  const CloudPage page = page_of(bucket, params);
  std::string json = "{";
  if (!page.next.empty()) {
    json += R"("nextPageToken":)";
    json::append_quoted(json, page.next);
    json += ',';
  }
  json += R"("items":[)";
  for (const std::string_view& key : page.keys) {
    json += &key == &page.keys.front() ? R"({"name":)" : R"(,{"name":)";
    json::append_quoted(json, key);
    if (is_full) json += R"(,"size":"75","updated":"2020-10-31T11:30:00.000Z")";
    json += '}';
  }
  json += R"(],"prefixes":[)";
  for (const std::string& prefix : page.prefixes) {
    if (&prefix != &page.prefixes.front()) json += ',';
    json::append_quoted(json, prefix);
  }
  return {.body = json + "]}"};
}

/// A multipart body: the metadata, then the object.
CloudResponse upload(CloudState& state, CloudBucket& bucket, const CloudRequest& request) {
  ++state.counts.put;
  const std::string_view body = request.body;
  const std::string_view boundary = body.substr(0, body.find("\r\n"));
  const std::size_t metadata = body.find("\r\n\r\n") + 4;
  const std::size_t metadata_end = body.find("\r\n" + std::string(boundary), metadata);
  const std::size_t object = body.find("\r\n\r\n", metadata_end) + 4;
  const std::size_t object_end = body.find("\r\n" + std::string(boundary), object);
  const auto json = json::parse(body.substr(metadata, metadata_end - metadata));
  if (!json || object_end == body.npos) return refused(state, 400);
  const std::string name = text_of(*json, "name");
  if (request.parameter("ifGenerationMatch") == "0" && bucket.contains(name)) {
    return refused(state, 412);
  }
  const bj::value* own = json->get_object().if_contains("metadata");
  bucket[name] = {.body = std::string(body.substr(object, object_end - object)),
                  .put_name = own == nullptr ? "" : bj::serialize(*own)};
  return {.body = R"({"generation":"1"})"};
}

}  // namespace

CloudResponse serve_gcs(CloudState& state, const CloudRequest& request) {
  const bool is_upload = request.path.starts_with(kUpload);
  std::string_view path = request.path.substr((is_upload ? kUpload : kStorage).size());
  const auto bucket = state.buckets.find(path.substr(0, path.find('/')));
  if (bucket == state.buckets.end()) return refused(state, 404);
  if (is_upload) return upload(state, bucket->second, request);
  const std::size_t slash = path.find("/o/");
  if (slash == path.npos) return list(state, bucket->second, request);
  const auto object = bucket->second.find(from_percent(path.substr(slash + 3)).value_or(""));
  if (request.method == "DELETE") {
    ++state.counts.remove;
    if (object == bucket->second.end()) return refused(state, 404);
    bucket->second.erase(object);
    return {.status = 204};
  }
  ++state.counts.get;
  if (object == bucket->second.end()) return refused(state, 404);
  if (request.parameter("alt") == "media") return {.body = object->second.body};
  return {.body = R"({"metadata":)" + object->second.put_name + "}"};
}

CloudResponse serve_pubsub(CloudState& state, const CloudRequest& request) {
  ++state.counts.publish;
  const auto json = json::parse(request.body);
  const bj::value* messages = json ? json->get_object().if_contains("messages") : nullptr;
  if (messages == nullptr || !messages->is_array()) return refused(state, 400);
  std::string ids;
  for (const bj::value& message : messages->get_array()) {
    note_trace_id(state, from_base64(text_of(message, "data")).value_or(""));
    ids += (ids.empty() ? "\"" : ",\"") + std::to_string(state.counts.messages) + '"';
  }
  return {.body = R"({"messageIds":[)" + ids + "]}"};
}

}  // namespace waybill::bench
