#include "services/artifact_keeper.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <numeric>
#include <string_view>
#include <utility>

#include "base/digest_copy.h"
#include "base/free_space.h"
#include "core/size.h"
#include "services/parallel.h"

namespace waybill {
namespace {

constexpr std::size_t kLooksAlone = 8;
constexpr std::size_t kLooksMax = 16;

tl::unexpected<Error> stopped() {
  return fail(Code::cancelled, "keeping artifacts: it was asked to stop");
}

}  // namespace

Result<ArtifactContent> ArtifactKeeper::put(const ArtifactFile& file) {
  const auto opened = file.open();
  if (!opened) return fail(with_context(opened.error(), "artifact \"" + file.name + "\""));
  auto content = store_.put(*opened);
  if (!content) return fail(with_context(content.error(), "artifact \"" + file.name + "\""));
  return content;
}

Status ArtifactKeeper::keep(const ArtifactOwner& owner, std::span<const ArtifactFile> files,
                            const std::stop_token& stop) {
  if (Status ours = guard_.may_keep(clock_.now()); !ours) return ours;
  AttemptArtifacts attempt{.task = owner.task, .fence = owner.fence, .artifacts = {}};
  auto contents = store_.put_all(files, stop);
  if (!contents) return fail(contents.error());
  for (std::size_t i = 0; i < files.size(); ++i) {
    attempt.artifacts.push_back({.name = files[i].name,
                                 .sha256 = std::move((*contents)[i].sha256),
                                 .size_bytes = (*contents)[i].size_bytes,
                                 .media_type = files[i].media_type,
                                 .created_at = {}});
  }
  const auto missing = record(attempt);
  if (!missing) return fail(missing.error());
  for (const std::string& sha256 : *missing) {
    if (stop.stop_requested()) return stopped();
    const auto lost = std::ranges::find(attempt.artifacts, sha256, &Artifact::sha256);
    const ArtifactFile& file = files[static_cast<std::size_t>(lost - attempt.artifacts.begin())];
    const auto again = put(file);
    if (!again && !file.path.empty() && again.error().code == Code::not_found) {
      return fail(Code::unavailable, "artifact \"" + file.name +
                                         "\" was collected while it was kept; it is made again");
    }
    if (!again) return fail(again.error());
    if (again->sha256 != sha256) {
      return fail(Code::unavailable, "artifact \"" + lost->name + "\" changed while it was kept");
    }
  }
  return {};
}

Status ArtifactKeeper::check_sizes(std::span<const Artifact> artifacts) const {
  for (const Artifact& artifact : artifacts) {
    if (artifact.size_bytes <= store_.bytes_max()) continue;
    return fail(Code::out_of_range, "artifact \"" + artifact.name + "\" is larger than " +
                                        format_size(store_.bytes_max()) +
                                        ", the most that is kept here");
  }
  return {};
}

Result<std::vector<std::string>> ArtifactKeeper::record(const AttemptArtifacts& attempt,
                                                        IfBusy if_busy) {
  if (Status ours = guard_.may_keep(clock_.now()); !ours) return fail(ours.error());
  if (Status small = check_sizes(attempt.artifacts); !small) return fail(small.error());
  if (Status recorded = index_.record(attempt, clock_.now()); !recorded) {
    return fail(recorded.error());
  }
  auto missing = look(attempt.artifacts, if_busy);
  if (missing || missing.error().code != Code::invalid_argument) return missing;
  // People would see a size that is not the content's.
  const Status taken_back =
      index_.record({.task = attempt.task, .fence = attempt.fence, .artifacts = {}}, clock_.now());
  if (!taken_back) return fail(taken_back.error());
  return missing;
}

/// As ArtifactStore::size_bytes says of each. A bucket takes its time for one, so some are asked
/// for at once; where they keep each other busy, they are asked for again.
std::vector<Result<std::int64_t>> ArtifactKeeper::sizes_of(
    const std::vector<const Artifact*>& artifacts, IfBusy if_busy) {
  std::vector<Result<std::int64_t>> found(artifacts.size(), fail(Code::internal, "not looked"));
  std::vector<std::size_t> left(artifacts.size());
  std::iota(left.begin(), left.end(), std::size_t{0});
  for (std::size_t before = left.size() + 1; !left.empty() && left.size() < before;) {
    before = left.size();
    in_parallel(before, before < kLooksAlone ? 1 : kLooksMax, [&](std::size_t i) {
      found[left[i]] = store_.size_bytes(artifacts[left[i]]->sha256, if_busy);
    });
    std::erase_if(left, [&](std::size_t i) { return found[i] || !found[i].error().retry_after; });
  }
  return found;
}

Result<std::vector<std::string>> ArtifactKeeper::look(std::span<const Artifact> artifacts,
                                                      IfBusy if_busy) {
  std::vector<const Artifact*> firsts;
  std::map<std::string_view, std::int64_t> sizes;
  for (const Artifact& artifact : artifacts) {
    const auto [at, is_first] = sizes.emplace(artifact.sha256, artifact.size_bytes);
    if (is_first) firsts.push_back(&artifact);
    if (at->second != artifact.size_bytes) {
      return fail(
          Code::invalid_argument,
          "artifact \"" + artifact.name + "\" has the SHA-256 of another one, and not its size");
    }
  }
  const auto found = sizes_of(firsts, if_busy);
  std::vector<std::string> missing;
  for (std::size_t i = 0; i < firsts.size(); ++i) {
    const bool lacks = !found[i] && (found[i].error().code == Code::not_found ||
                                     found[i].error().code == Code::data_loss);
    if (lacks) missing.push_back(firsts[i]->sha256);
    if (lacks) continue;
    if (!found[i]) return fail(found[i].error());
    if (*found[i] != firsts[i]->size_bytes) {
      return fail(Code::invalid_argument, "artifact \"" + firsts[i]->name + "\" cannot have " +
                                              std::to_string(firsts[i]->size_bytes) +
                                              " bytes: what has its SHA-256 has " +
                                              std::to_string(*found[i]));
    }
  }
  return missing;
}

Status ArtifactKeeper::fetch(const ArtifactOwner&, const std::string& sha256,
                             const std::string& path, const std::stop_token& stop) {
  if (stop.stop_requested()) return stopped();
  const auto content = store_.open(sha256);
  if (!content) return fail(content.error());
  return write_artifact_file(*content, sha256, path);
}

Status write_artifact_file(const FileDescriptor& content, const std::string& sha256,
                           const std::string& path) {
  const FileDescriptor file(
      ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0400));
  if (!file.is_open() && errno == EEXIST) {
    return fail(Code::already_exists, path + " is there already");
  }
  if (!file.is_open()) return fail(system_error(errno, "making " + path));
  struct stat status {};
  Status written;
  if (::fstat(content.get(), &status) != 0) {
    written = fail(system_error(errno, "looking at content " + sha256));
  }
  if (written) written = require_free_space(file, status.st_size, path);
  if (written) {
    const auto copied = copy_with_digest(content, file, path);
    if (!copied) written = fail(copied.error());
    if (copied && copied->sha256 != sha256) {
      written = fail(Code::data_loss, "content " + sha256 + " is not what its name says");
    }
  }
  if (!written) ::unlink(path.c_str());
  return written;
}

}  // namespace waybill
