#include "services/artifact_desk.h"

#include <sys/stat.h>

#include <cerrno>
#include <optional>
#include <utility>

#include "core/size.h"

namespace waybill {
namespace {

Error others_at_work() {
  return {.code = Code::unavailable,
          .message = "this content, or a few others, are just being kept; send it again",
          .retry_after = std::chrono::milliseconds(100)};
}

}  // namespace

Result<ArtifactDesk::Content> ArtifactDesk::open(const std::string& sha256) {
  auto file = store_.open(sha256, IfBusy::refuse);
  if (!file) return fail(file.error());
  struct stat status {};
  if (::fstat(file->get(), &status) != 0) {
    return fail(system_error(errno, "looking at content " + sha256));
  }
  return Content{.file = std::move(*file), .size_bytes = status.st_size};
}

Result<ArtifactDesk::Content> ArtifactDesk::open(const Artifact& artifact) {
  auto content = open(artifact.sha256);
  if (!content || content->size_bytes == artifact.size_bytes) return content;
  return fail(Code::data_loss, "it was recorded with " + std::to_string(artifact.size_bytes) +
                                   " bytes, and its content has " +
                                   std::to_string(content->size_bytes));
}

Result<ArtifactDesk::Received> ArtifactDesk::take(const ArtifactOwner& owner, const Piece& piece) {
  const auto artifact = index_.recorded(owner.task, owner.fence, piece.sha256);
  if (!artifact) return fail(artifact.error());
  if (artifact->size_bytes > store_.bytes_max()) {
    return fail(Code::out_of_range, "artifact \"" + artifact->name + "\" is larger than " +
                                        format_size(store_.bytes_max()) +
                                        ", the most that is kept here");
  }
  const auto size = static_cast<std::int64_t>(piece.bytes.size());
  if (piece.offset > artifact->size_bytes || size > artifact->size_bytes - piece.offset) {
    return fail(Code::out_of_range, "it was recorded with " + std::to_string(artifact->size_bytes) +
                                        " bytes, and this would be more");
  }
  const auto kept = store_.size_bytes(piece.sha256, IfBusy::refuse);
  if (!kept && kept.error().retry_after) return fail(kept.error());
  if (kept && *kept == artifact->size_bytes) {
    return Received{.bytes = artifact->size_bytes, .complete = true};
  }
  const std::string name =
      to_string(owner.task) + "." + std::to_string(owner.fence) + "." + piece.sha256;
  // Before it is added: nobody is to begin anew what is just being kept.
  const bool is_last = piece.offset + size == artifact->size_bytes;
  const auto finishing = is_last ? finishing_.try_take(name) : std::nullopt;
  if (is_last && !finishing) return fail(others_at_work());
  const auto received = spool_.add(name, piece.offset, piece.bytes);
  if (!received) return fail(received.error());
  if (*received < artifact->size_bytes) return Received{.bytes = *received, .complete = false};
  // Somebody else has sent the rest meanwhile.
  const auto theirs = is_last ? std::nullopt : finishing_.try_take(name);
  if (!is_last && !theirs) return fail(others_at_work());
  return finish(name, *artifact);
}

Result<ArtifactDesk::Received> ArtifactDesk::finish(const std::string& name,
                                                    const Artifact& artifact) {
  const auto file = spool_.open(name);
  if (!file) return fail(file.error());
  const auto content = store_.put(*file);
  if (!content) return fail(content.error());
  if (Status removed = spool_.remove(name); !removed) return fail(removed.error());
  if (content->sha256 != artifact.sha256) {
    return fail(Code::data_loss, "what came has SHA-256 " + content->sha256 + ", not " +
                                     artifact.sha256 + "; send it again from the beginning");
  }
  return Received{.bytes = content->size_bytes, .complete = true};
}

}  // namespace waybill
