#include "kinds/archive/warc/recorder.h"

#include <algorithm>
#include <utility>

#include "base/ascii.h"
#include "base/uuid.h"
#include "core/artifact.h"
#include "core/warc/record.h"

namespace waybill {
namespace {

std::string labelled(const std::string& digest) { return "sha256:" + digest; }

/// What an index calls the type of an answer.
std::string mime_of(const HttpResponse& head) {
  const std::string_view said = header(head, "content-type");
  std::string type = to_lower(said.substr(0, said.find(';')));
  while (type.ends_with(' ') || type.ends_with('\t')) type.pop_back();
  return check_media_type(type) ? type : "unk";
}

/// 20260102030405 as `WARC-Date` has it.
std::string date_of_timestamp(const std::string& digits) {
  if (digits.size() != 14) return digits;
  return digits.substr(0, 4) + "-" + digits.substr(4, 2) + "-" + digits.substr(6, 2) + "T" +
         digits.substr(8, 2) + ":" + digits.substr(10, 2) + ":" + digits.substr(12, 2) + "Z";
}

ByteSink into_spool(Spool& spool) {
  return [&spool](std::string_view bytes) { return spool.append(bytes); };
}

std::optional<CapturedPage> page_of(const CapturedExchange& exchange, const std::string& mime) {
  const bool is_page =
      exchange.head.status == 200 && (mime == "text/html" || mime == "application/xhtml+xml");
  if (!is_page) return std::nullopt;
  return CapturedPage{.url = exchange.url, .timestamp = warc_date(exchange.begun_at), .title = {}};
}

}  // namespace

std::string Recorder::id() {
  return to_string(uuid_v5(kTaskNamespace, prefix_ + std::to_string(next_id_++)));
}

Status Recorder::pack(const std::string& head, std::string_view block, const Spool* rest,
                      Spool& into) {
  const ByteSink sink = into_spool(into);
  gzip_.reset();
  Status packed = gzip_.add(head, sink);
  if (packed) packed = gzip_.add(block, sink);
  if (packed && rest != nullptr) {
    packed = rest->give([&](std::string_view bytes) { return gzip_.add(bytes, sink); });
  }
  if (packed) packed = gzip_.add(kWarcRecordEnd, sink);
  return packed ? gzip_.finish(sink) : packed;
}

Status Recorder::record(const CapturedExchange& exchange, const Spool& body) {
  const std::string digest = labelled(exchange.payload_digest);
  const bool may_repeat = exchange.truncated.empty() && exchange.payload_bytes > 0;
  const auto original = may_repeat ? store_.original(digest) : std::nullopt;
  const std::string mime = mime_of(exchange.head);
  const std::string answer_id = id();
  WarcHead head{.type = original ? "revisit" : "response",
                .id = answer_id,
                .date = exchange.begun_at,
                .content_type = "application/http; msgtype=response",
                .content_length = static_cast<std::int64_t>(exchange.answer_head.size()),
                .fields = {{"WARC-Target-URI", exchange.url}, {"WARC-Payload-Digest", digest}}};
  if (original) {
    head.fields.insert(head.fields.end(),
                       {{"WARC-Block-Digest", labelled(to_hex(sha256(exchange.answer_head)))},
                        {"WARC-Profile", std::string(kRevisitProfile)},
                        {"WARC-Refers-To-Target-URI", original->url},
                        {"WARC-Refers-To-Date", date_of_timestamp(original->timestamp)}});
  } else {
    head.content_length += body.size_bytes();
    head.fields.emplace_back("WARC-Block-Digest", labelled(exchange.block_digest));
    if (!exchange.truncated.empty()) {
      head.fields.emplace_back("WARC-Truncated", std::string(exchange.truncated));
    }
  }
  Spool answer(scratch_);
  Status packed =
      pack(warc_head_text(head), exchange.answer_head, original ? nullptr : &body, answer);
  if (!packed) return packed;
  const WarcHead asked{
      .type = "request",
      .id = id(),
      .date = exchange.begun_at,
      .content_type = "application/http; msgtype=request",
      .content_length = static_cast<std::int64_t>(exchange.request_head.size()),
      .fields = {{"WARC-Target-URI", exchange.url},
                 {"WARC-Concurrent-To", "<urn:uuid:" + answer_id + ">"},
                 {"WARC-Block-Digest", labelled(to_hex(sha256(exchange.request_head)))}}};
  Spool request(scratch_);
  packed = pack(warc_head_text(asked), exchange.request_head, nullptr, request);
  if (!packed) return packed;
  CdxLine line{.timestamp = cdx_timestamp(exchange.begun_at),
               .url = exchange.url,
               .mime = original ? std::string(kRevisitMime) : mime,
               .status = exchange.head.status,
               .digest = digest};
  if (original) {
    line.original_url = original->url;
    line.original_timestamp = original->timestamp;
  }
  return store_.add(
      {.indexed = answer, .beside = request, .is_truncated = !exchange.truncated.empty()},
      std::move(line), page_of(exchange, mime));
}

Status pack_warcinfo(const std::string& filename, Time now, const std::string& prefix,
                     Spool& into) {
  const std::string block =
      "software: Waybill\r\nformat: WARC File Format 1.1\r\n"
      "conformsTo: http://iipc.github.io/warc-specifications/specifications/warc-format/"
      "warc-1.1/\r\n";
  const WarcHead head{.type = "warcinfo",
                      .id = to_string(uuid_v5(kTaskNamespace, prefix + filename)),
                      .date = now,
                      .content_type = "application/warc-fields",
                      .content_length = static_cast<std::int64_t>(block.size()),
                      .fields = {{"WARC-Filename", filename},
                                 {"WARC-Block-Digest", labelled(to_hex(sha256(block)))}}};
  GzipMember gzip;
  const ByteSink sink = into_spool(into);
  Status packed = gzip.add(warc_head_text(head) + block + std::string(kWarcRecordEnd), sink);
  return packed ? gzip.finish(sink) : packed;
}

}  // namespace waybill
