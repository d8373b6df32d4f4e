#include "adapters/remote/artifacts.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cerrno>
#include <utility>

#include "base/digest.h"
#include "base/digest_copy.h"
#include "base/free_space.h"
#include "base/json.h"

namespace waybill {
namespace {

namespace bj = boost::json;

/// The server reads all of a content when its last piece has come: so long for each GiB.
constexpr Duration kPatienceForWhole = std::chrono::seconds(60);
constexpr std::int64_t kGiB = std::int64_t{1} << 30;
/// The slowest line on which pieces go through.
constexpr std::int64_t kBytesEachSecond = 16 << 10;
/// The server looks for each content, perhaps in a bucket.
constexpr Duration kPatienceForEach = std::chrono::milliseconds(20);
constexpr std::size_t kRecordBytesMax = 8 << 20;  // what a server takes
/// A piece is passed over that does not begin where the last one ended: then the next one does.
constexpr int kPassedOverMax = 3;

std::string content_path(const ArtifactOwner& owner, const std::string& sha256) {
  return "/v1/artifacts/sha256/" + sha256 + "?task=" + to_string(owner.task) +
         "&fence=" + std::to_string(owner.fence);
}

Result<std::string> read_piece(const FileDescriptor& file, std::int64_t offset, std::int64_t size) {
  std::string bytes(static_cast<std::size_t>(size), '\0');
  std::size_t used = 0;
  while (used < bytes.size()) {
    const ssize_t got = ::pread(file.get(), bytes.data() + used, bytes.size() - used,
                                offset + static_cast<std::int64_t>(used));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail(system_error(errno, "reading an artifact"));
    if (got == 0) return fail(Code::unavailable, "an artifact became shorter while it was sent");
    used += static_cast<std::size_t>(got);
  }
  return bytes;
}

Status write_piece(const FileDescriptor& file, std::string_view bytes, const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(file.get(), bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return fail(system_error(errno, "writing " + path));
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

tl::unexpected<Error> asked_to_stop() {
  return fail(Code::cancelled, "sending artifacts: it was asked to stop");
}

/// Repeats what meets an outage, until a stop, or until nothing has gone through for long.
class Outages {
 public:
  Outages(Clock& clock, const std::stop_token& stop)
      : clock_(clock), stop_(stop), since_(clock.steady_now()) {}

  void note_progress() {
    since_ = clock_.steady_now();
    pause_ = kPauseFirst;
  }
  /// Waits; false: it is to be given up.
  bool again(const Error& error) {
    if (error.code != Code::unavailable || stop_.stop_requested()) return false;
    if (clock_.steady_now() - since_ > kGivenUpAfter) return false;
    clock_.wait_until(clock_.steady_now() + pause_, stop_);
    pause_ = std::min(2 * pause_, kPauseMax);
    return true;
  }

 private:
  static constexpr Duration kPauseFirst = std::chrono::milliseconds(500);
  static constexpr Duration kPauseMax = std::chrono::seconds(10);
  static constexpr Duration kGivenUpAfter = std::chrono::minutes(5);

  Clock& clock_;
  const std::stop_token stop_;
  SteadyTime since_;
  Duration pause_ = kPauseFirst;
};

/// What the server says of one content is a conflict also where it has become another's.
Error of_sending(Error error, const std::string& name) {
  if (error.code == Code::failed_precondition) error.code = Code::unavailable;
  return with_context(std::move(error), "artifact \"" + name + "\"");
}

}  // namespace

Status RemoteArtifacts::keep(const ArtifactOwner& owner, std::span<const ArtifactFile> files,
                             const std::stop_token& stop) {
  std::vector<Named> artifacts;
  artifacts.reserve(files.size());
  for (const ArtifactFile& file : files) {
    if (stop.stop_requested()) return asked_to_stop();
    const auto opened = file.open();
    if (!opened) return fail(with_context(opened.error(), "artifact \"" + file.name + "\""));
    auto digest = digest_of(*opened, "artifact \"" + file.name + "\"");
    if (!digest) return fail(digest.error());
    artifacts.push_back(
        {.file = file, .sha256 = std::move(digest->sha256), .size_bytes = digest->size_bytes});
  }
  auto missing = record(owner, artifacts, stop);
  if (!missing) return fail(missing.error());
  if (missing->empty()) return {};
  for (const std::string& sha256 : *missing) {
    const auto found = std::ranges::find(artifacts, sha256, &Named::sha256);
    if (found == artifacts.end()) {
      return server_.not_understood("/v1/tasks/…/artifacts", "it misses what it was not told of");
    }
    if (Status sent = send(owner, *found, stop); !sent) {
      return fail(of_sending(sent.error(), found->file.name));
    }
  }
  // What was there may have been collected before it was recorded; now it is not.
  missing = record(owner, artifacts, stop);
  if (!missing) return fail(missing.error());
  if (missing->empty()) return {};
  return fail(Code::unavailable,
              "the server at " + server_.url() + " still lacks artifacts that were sent to it");
}

Result<std::vector<std::string>> RemoteArtifacts::record(const ArtifactOwner& owner,
                                                         const std::vector<Named>& artifacts,
                                                         const std::stop_token& stop) {
  bj::array list;
  for (const Named& artifact : artifacts) {
    list.push_back(bj::object{{"name", artifact.file.name},
                              {"sha256", artifact.sha256},
                              {"size_bytes", artifact.size_bytes},
                              {"media_type", artifact.file.media_type}});
  }
  const std::string path = "/v1/tasks/" + to_string(owner.task) + "/artifacts";
  const std::string body =
      json::serialize(bj::object{{"fence", owner.fence}, {"artifacts", std::move(list)}});
  if (body.size() > kRecordBytesMax) {
    return fail(Code::out_of_range, "the names of its " + std::to_string(artifacts.size()) +
                                        " artifacts are more than a server takes; leave fewer, or "
                                        "shorten their names");
  }
  const auto each = static_cast<std::int64_t>(artifacts.size());
  Outages outages(clock_, stop);
  auto answer = server_.put(path, body, {.more = each * kPatienceForEach, .stop = stop});
  while (!answer && outages.again(answer.error())) {
    answer = server_.put(path, body, {.more = each * kPatienceForEach, .stop = stop});
  }
  if (!answer) return fail(answer.error());
  try {
    std::vector<std::string> missing;
    for (const bj::value& sha256 : answer->as_object().at("missing").as_array()) {
      missing.emplace_back(sha256.as_string());
    }
    return missing;
  } catch (const std::exception& error) {
    return server_.not_understood(path, error.what());
  }
}

Result<bj::value> RemoteArtifacts::send_piece(const ArtifactOwner& owner, const Named& artifact,
                                              std::int64_t offset, std::string bytes,
                                              const std::stop_token& stop) {
  const auto size = static_cast<std::int64_t>(bytes.size());
  const bool is_last = offset + size == artifact.size_bytes;
  Duration more = std::chrono::seconds(size / kBytesEachSecond);
  if (is_last) more += kPatienceForWhole * (1 + artifact.size_bytes / kGiB);
  return server_.put_bytes(
      content_path(owner, artifact.sha256) + "&offset=" + std::to_string(offset), std::move(bytes),
      {.more = more, .stop = stop});
}

Status RemoteArtifacts::send(const ArtifactOwner& owner, const Named& artifact,
                             const std::stop_token& stop) {
  const auto file = artifact.file.open();
  if (!file) return fail(file.error());
  std::int64_t offset = 0;
  int passed_over = 0;
  Outages outages(clock_, stop);
  for (;;) {
    if (stop.stop_requested()) return asked_to_stop();
    const std::int64_t size = std::min(piece_bytes_, artifact.size_bytes - offset);
    auto bytes = read_piece(*file, offset, size);
    if (!bytes) return fail(bytes.error());
    const auto answer = send_piece(owner, artifact, offset, std::move(*bytes), stop);
    if (!answer && outages.again(answer.error())) continue;
    if (!answer) return fail(answer.error());
    outages.note_progress();
    try {
      const bj::object& said = answer->as_object();
      if (said.at("complete").as_bool()) return {};
      const auto received = said.at("received_bytes").to_number<std::int64_t>();
      if (received < 0 || received >= artifact.size_bytes) {
        return server_.not_understood("/v1/artifacts", "it has more bytes than there are");
      }
      if (received != offset + size && ++passed_over > kPassedOverMax) {
        return fail(Code::unavailable, "somebody else sends the same to " + server_.url());
      }
      offset = received;
    } catch (const std::exception& error) {
      return server_.not_understood("/v1/artifacts", error.what());
    }
  }
}

Status RemoteArtifacts::fetch(const ArtifactOwner& owner, const std::string& sha256,
                              const std::string& path, const std::stop_token& stop) {
  const FileDescriptor file(
      ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0400));
  if (!file.is_open() && errno == EEXIST) {
    return fail(Code::already_exists, path + " is there already");
  }
  if (!file.is_open()) return fail(system_error(errno, "making " + path));
  Sha256 digest;
  Outages outages(clock_, stop);
  const auto read = [&]() -> Status {
    std::int64_t offset = 0;
    for (;;) {
      if (stop.stop_requested()) return asked_to_stop();
      const auto piece = server_.get_bytes(content_path(owner, sha256), offset, piece_bytes_,
                                           {.more = kPatienceForWhole, .stop = stop});
      if (!piece && outages.again(piece.error())) continue;
      if (!piece) return fail(piece.error());
      outages.note_progress();
      if (offset == 0) {
        if (Status room = require_free_space(file, piece->size_bytes, path); !room) return room;
      }
      digest.add(piece->bytes);
      if (Status written = write_piece(file, piece->bytes, path); !written) return written;
      offset += static_cast<std::int64_t>(piece->bytes.size());
      if (offset >= piece->size_bytes) return {};
    }
  };
  Status done = read();
  if (done && to_hex(digest.finish()) != sha256) {
    done = fail(Code::data_loss, "what came for content " + sha256 + " is another one");
  }
  if (!done) ::unlink(path.c_str());
  return done;
}

}  // namespace waybill
