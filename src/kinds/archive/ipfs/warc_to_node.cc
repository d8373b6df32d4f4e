#include "kinds/archive/ipfs/warc_to_node.h"

#include <fcntl.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <cerrno>
#include <utility>
#include <vector>

#include "base/digest.h"
#include "base/json.h"
#include "base/utf8.h"
#include "core/artifact.h"
#include "core/fetch/url_reference.h"
#include "core/size.h"
#include "core/warc/surt.h"
#include "kinds/archive/collect/text_upload.h"
#include "kinds/archive/file_text.h"
#include "kinds/archive/warc/http_block.h"

namespace waybill {
namespace {

constexpr Duration kNotesSyncEvery = std::chrono::seconds(2);

bool is_answer(const WarcRecord& record) {
  return record.type == "response" || record.type == "resource" || record.type == "revisit";
}

bool is_of_the_web(const WarcRecord& record) {
  return is_http_url(record.url()) && !record.timestamp().empty();
}

/// Of the digests that are in use SHA-256 is checked.
bool has_digest(const std::string& said, const std::string& computed) {
  constexpr std::string_view kSha256 = "sha256:";
  const bool is_known = said.starts_with(kSha256) && is_sha256_hex(said.substr(kSha256.size()));
  return !is_known || said.substr(kSha256.size()) == to_hex(computed);
}

}  // namespace

Result<PayloadFile> PayloadFile::create(const std::string& directory) {
  const std::string path = directory + "/payload";
  FileDescriptor file(
      ::open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!file.is_open()) return fail(system_error(errno, "making " + path));
  return PayloadFile(path, std::move(file));
}

Status PayloadFile::restart() {
  size_ = 0;
  written_ = {};
  if (::ftruncate(file_.get(), 0) == 0 && ::lseek(file_.get(), 0, SEEK_SET) == 0) return {};
  return fail(system_error(errno, "emptying " + path_));
}

void PayloadFile::add(std::string_view bytes) {
  if (!written_) return;
  written_ = write_whole(file_, bytes, path_);
  size_ += static_cast<std::int64_t>(bytes.size());
}

ipfs::UploadFile PayloadFile::upload(std::string name) const {
  return {.name = std::move(name), .size_bytes = size_, .open = [path = path_] {
            return open_to_read(path);
          }};
}

/// What a URL had, as a record has it.
struct WarcToNode::Answer {
  std::string head;
  int status = 200;
  std::string media_type;
  std::string error;  ///< why it cannot be archived; empty: it can
};

std::string WarcToNode::index_json(const Answer& answer, const std::string& url,
                                   const std::string& head_cid, const std::string& cid) {
  return json::serialize(
      boost::json::object{{"locator", json::text("urn:ipfs/" + head_cid + "/" + cid)},
                          {"status_code", json::text(std::to_string(answer.status))},
                          {"mime_type", json::text(escape_utf8(answer.media_type))},
                          {"original_uri", json::text(escape_utf8(url))}});
}

Status WarcToNode::run(const FileDescriptor& file, std::int64_t offset, std::int64_t size_bytes) {
  UnpackingFile unpacking(file, offset, size_bytes);
  is_damaged_ = false;
  WarcReader reader(unpacking, [this] { return may_go_on(); });
  SteadyTime synced_at = ports_.desk.clock.steady_now();
  while (true) {
    if (Status may = may_go_on(); !may) return may;
    auto record = reader.next();
    if (!record) return damaged(record.error());
    if (!*record) return ports_.notes.sync();
    if (++number_ > terms_.records_max) {
      return fail(Code::out_of_range, "it has more than " + std::to_string(terms_.records_max) +
                                          " records: split it, a task takes no more");
    }
    if (is_answer(**record) && !is_of_the_web(**record)) {
      ++left_out_;
    } else if (is_answer(**record) && number_ > ports_.notes.last_number()) {
      if (Status done = take(**record, reader); !done) return done;
      if (is_damaged_) return ports_.notes.sync();
    }
    const SteadyTime now = ports_.desk.clock.steady_now();
    if (now < synced_at + kNotesSyncEvery) continue;
    if (Status synced = ports_.notes.sync(); !synced) return synced;
    synced_at = now;
    tell(unpacking.position(), size_bytes);
  }
}

Result<std::string> WarcToNode::give(ipfs::UploadFile file) {
  std::vector<ipfs::UploadFile> files;
  files.push_back(std::move(file));
  const auto added = ipfs::add_to_node(
      ports_.desk, {.files = std::move(files),
                    .options = terms_.add,
                    .boundary = "waybill-" + to_string(ports_.task.id()),
                    .progress = {},
                    .deadline = {.at = ports_.context.deadline(), .stop = ports_.context.stop()}});
  if (!added) return fail(added.error());
  return std::string(added->at("cid").get_string());
}

Status WarcToNode::may_go_on() const {
  if (ports_.context.stop().stop_requested()) return fail(Code::cancelled, "asked to stop");
  if (ports_.desk.clock.steady_now() < ports_.context.deadline()) return {};
  return fail(Code::deadline_exceeded,
              "the time is over after " + std::to_string(number_) + " records");
}

void WarcToNode::tell(std::int64_t position, std::int64_t size) {
  const double part = size > 0 ? static_cast<double>(position) / static_cast<double>(size) : 0.0;
  ports_.steps.at(2, part, "archiving record " + std::to_string(number_));
}

/// Told apart from a failure of the disk.
Status WarcToNode::damaged(Error error) {
  if (error.code != Code::failed_precondition) return fail(std::move(error));
  is_damaged_ = true;
  if (damage_.empty()) {
    damage_ = "after " + std::to_string(number_) + " records " + error.message;
  }
  return ports_.notes.sync();
}

Status WarcToNode::take(const WarcRecord& record, WarcReader& reader) {
  const bool is_revisit = record.type == "revisit";
  const std::string url = record.url();
  auto answer = read_answer(record, reader);
  if (!answer) return damaged(answer.error());
  WarcNote note{.number = number_, .digest = record.field("warc-payload-digest")};
  if (is_revisit && answer->error.empty()) {
    note.cid = ports_.notes.cid_of(note.digest);
    if (note.cid.empty()) answer->error = "it repeats what is not in this file";
  }
  if (!answer->error.empty()) return note_failure(std::move(note), url, answer->error);
  const std::string name = file_name_of_url(url);
  const auto head_cid = give(text_upload(name, answer->head));
  if (!head_cid) return fail(with_context(head_cid.error(), "writing a head to ipfs"));
  if (!is_revisit) {
    auto given = give(payload_.upload(name));
    if (!given) return fail(with_context(given.error(), "writing a body to ipfs"));
    note.cid = std::move(*given);
  }
  note.line = escape_utf8(surt_of_url(url)) + " " + record.timestamp() + " " +
              index_json(*answer, url, *head_cid, note.cid);
  return ports_.notes.add(std::move(note));
}

Status WarcToNode::note_failure(WarcNote note, const std::string& url, const std::string& why) {
  note.error = escape_utf8(shown_url(url) + ": " + why);
  ports_.context.log(LogStream::system, "[" + note.error + "]\n");
  return ports_.notes.add(std::move(note));
}

/// Errors: those that end it; what only this record lacks is said in the answer.
Result<WarcToNode::Answer> WarcToNode::read_answer(const WarcRecord& record, WarcReader& reader) {
  if (Status emptied = payload_.restart(); !emptied) return fail(emptied.error());
  // What a name server said is `text/dns`.
  const bool is_http =
      record.type != "resource" && !record.field("content-type").starts_with("text/");
  Answer answer;
  HttpBlock block;
  Sha256 digest;
  bool is_whole = true;
  const auto sink = [this](std::string_view bytes) { payload_.add(bytes); };
  while (true) {
    const auto some = reader.block();
    if (!some) return fail(some.error());
    if (some->empty()) break;
    if (payload_.size_bytes() > terms_.bytes_max) continue;
    digest.add(*some);
    if (!is_http) sink(*some);
    if (is_http && is_whole) is_whole = block.add(*some, sink);
    if (!payload_.written()) return fail(payload_.written().error());
  }
  if (payload_.size_bytes() > terms_.bytes_max) {
    answer.error = "it has more than the limit of " + format_size(terms_.bytes_max) +
                   "; raise limits.artifacts in the definition's spec";
    return answer;
  }
  if (is_http && is_whole) is_whole = block.finish(sink);
  if (!payload_.written()) return fail(payload_.written().error());
  if (!is_whole) answer.error = "its record holds no answer of HTTP";
  if (!has_digest(record.field("warc-block-digest"), digest.finish())) {
    answer.error = "its record is damaged: its block has another digest";
  }
  if (is_http) {
    answer.head = block.head();
    answer.status = block.status();
    answer.media_type = block.media_type();
  } else {
    answer.media_type = record.field("content-type");
    answer.head = "HTTP/1.1 200 OK\r\nContent-Type: " + answer.media_type +
                  "\r\nContent-Length: " + std::to_string(payload_.size_bytes()) + "\r\n\r\n";
  }
  return answer;
}

}  // namespace waybill
