#include "decorators/object_artifact_store.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <string_view>
#include <utility>

#include "base/digest.h"
#include "core/artifact.h"
#include "core/size.h"

namespace waybill {
namespace {

constexpr std::string_view kPrefix = "artifacts/sha256/";
constexpr std::string_view kOwnerKey = "artifacts/ledger";
constexpr std::size_t kOpenedMax = 4;
/// Before the bucket's own tokens, so that nothing else is taken for one.
constexpr std::string_view kCursorMark = "page:";

std::string key_of(const std::string& sha256) {
  return std::string(kPrefix) + sha256.substr(0, 2) + "/" + sha256.substr(2);
}

/// Empty: it is no content's.
std::string digest_of_key(std::string_view key) {
  if (!key.starts_with(kPrefix)) return {};
  key.remove_prefix(kPrefix.size());
  if (key.size() != 65 || key[2] != '/') return {};
  std::string sha256 = std::string(key.substr(0, 2)) + std::string(key.substr(3));
  return is_sha256_hex(sha256) ? sha256 : "";
}

tl::unexpected<Error> no_object(const std::string& sha256) {
  return fail(Code::not_found, "there is no content " + sha256);
}

Result<std::string> read_whole(const FileDescriptor& file, std::int64_t bytes_max) {
  std::string bytes;
  std::string piece(256 << 10, '\0');
  for (;;) {
    const ssize_t got =
        ::pread(file.get(), piece.data(), piece.size(), static_cast<off_t>(bytes.size()));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail(system_error(errno, "reading an artifact"));
    if (got == 0) return bytes;
    bytes.append(piece.data(), static_cast<std::size_t>(got));
    if (static_cast<std::int64_t>(bytes.size()) > bytes_max) {
      return fail(Code::out_of_range, "it is larger than " + format_size(bytes_max) +
                                          ", the most that a bucket keeps of an artifact");
    }
  }
}

FileDescriptor nameless_file(const std::string& room) {
  if (!room.empty()) {
    FileDescriptor file(::open(room.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
    if (file.is_open()) return file;
  }
  return FileDescriptor(::memfd_create("artifact", MFD_CLOEXEC));
}

Result<FileDescriptor> file_with(std::string_view bytes, const std::string& room) {
  FileDescriptor file = nameless_file(room);
  if (!file.is_open()) return fail(system_error(errno, "making room for an artifact"));
  off_t offset = 0;
  while (!bytes.empty()) {
    const ssize_t written = ::pwrite(file.get(), bytes.data(), bytes.size(), offset);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return fail(system_error(errno, "making room for an artifact"));
    bytes.remove_prefix(static_cast<std::size_t>(written));
    offset += written;
  }
  return file;
}

}  // namespace

Result<ArtifactContent> ObjectArtifactStore::put(const FileDescriptor& file) {
  const auto held = transfers_.take("put " + std::to_string(++puts_));
  const auto bytes = read_whole(file, bytes_max());
  if (!bytes) return fail(bytes.error());
  ArtifactContent content{.sha256 = to_hex(sha256(*bytes)),
                          .size_bytes = static_cast<std::int64_t>(bytes->size())};
  if (Status put = bucket_->put(key_of(content.sha256), *bytes); !put) return fail(put.error());
  return content;
}

Result<FileDescriptor> ObjectArtifactStore::open(const std::string& sha256, IfBusy if_busy) {
  if (!is_sha256_hex(sha256)) return no_object(sha256);
  auto before = opened_before(sha256);
  if (!before || before->is_open()) return before;
  const std::optional<WorkSlots::Held> held =
      if_busy == IfBusy::wait ? transfers_.take(sha256) : transfers_.try_take(sha256);
  if (!held) {
    return fail(Error{.code = Code::unavailable,
                      .message = "content " + sha256 + " is on its way from the bucket; ask again",
                      .retry_after = std::chrono::milliseconds(200)});
  }
  before = opened_before(sha256);  // by who was at it
  if (!before || before->is_open()) return before;
  return get(sha256);
}

Result<FileDescriptor> ObjectArtifactStore::get(const std::string& sha256) {
  const auto bytes = bucket_->get(key_of(sha256));
  if (!bytes && bytes.error().code == Code::not_found) return no_object(sha256);
  if (!bytes) return fail(bytes.error());
  if (to_hex(waybill::sha256(*bytes)) != sha256) {
    return fail(Code::data_loss, "content " + sha256 + " in " + bucket_->url() +
                                     " is damaged; restore it, or run its task again");
  }
  auto file = file_with(*bytes, room_);
  if (!file) return fail(file.error());
  {
    const Lock lock(mutex_);
    if (opened_.size() == kOpenedMax) opened_.pop_front();
    opened_.push_back({sha256, std::make_shared<const FileDescriptor>(std::move(*file))});
  }
  return opened_before(sha256);
}

Result<FileDescriptor> ObjectArtifactStore::opened_before(const std::string& sha256) {
  std::shared_ptr<const FileDescriptor> file;
  {
    const Lock lock(mutex_);
    const auto found = std::ranges::find(opened_, sha256, &Opened::sha256);
    if (found == opened_.end()) return FileDescriptor();
    file = found->file;
  }
  // Each with a position of its own.
  const std::string path = "/proc/self/fd/" + std::to_string(file->get());
  FileDescriptor again(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (again.is_open()) return again;
  return fail(system_error(errno, "opening content " + sha256 + " again"));
}

void ObjectArtifactStore::forget(const std::string& sha256) {
  const Lock lock(mutex_);
  std::erase_if(opened_, [&](const Opened& opened) { return opened.sha256 == sha256; });
}

Result<ObjectInfo> ObjectArtifactStore::look(const std::string& sha256) {
  if (!is_sha256_hex(sha256)) return no_object(sha256);
  const std::string key = key_of(sha256);
  auto page = bucket_->list({.prefix = key});
  if (!page) return fail(page.error());
  for (ObjectInfo& object : page->objects) {
    if (object.key == key) return std::move(object);
  }
  return no_object(sha256);
}

Result<std::int64_t> ObjectArtifactStore::size_bytes(const std::string& sha256, IfBusy) {
  const auto object = look(sha256);
  if (!object) return fail(object.error());
  return static_cast<std::int64_t>(object->size_bytes);
}

Status ObjectArtifactStore::remove(const std::string& sha256, Time not_put_after) {
  const auto object = look(sha256);
  if (!object && object.error().code == Code::not_found) return {};
  if (!object) return fail(object.error());
  if (object->modified_at > not_put_after) return {};
  forget(sha256);
  return bucket_->remove(object->key);
}

Result<KeptContents> ObjectArtifactStore::kept(const std::string& cursor) {
  ListParams params{.prefix = std::string(kPrefix)};
  if (!cursor.empty()) {
    if (!cursor.starts_with(kCursorMark)) {
      return fail(Code::invalid_argument, "no cursor of this store: " + cursor);
    }
    params.token = cursor.substr(kCursorMark.size());
  }
  const auto page = bucket_->list(params);
  if (!page) return fail(page.error());
  KeptContents contents;
  for (const ObjectInfo& object : page->objects) {
    std::string sha256 = digest_of_key(object.key);
    if (sha256.empty()) continue;
    contents.contents.push_back(
        {.content = {.sha256 = std::move(sha256),
                     .size_bytes = static_cast<std::int64_t>(object.size_bytes)},
         .kept_at = object.modified_at});
  }
  if (!page->next_token.empty()) {
    contents.next_cursor = std::string(kCursorMark) + page->next_token;
  }
  return contents;
}

Result<StoreOwner> ObjectArtifactStore::owner() {
  const std::string place = "the object " + std::string(kOwnerKey) + " of " + bucket_->url();
  auto text = bucket_->get(std::string(kOwnerKey));
  if (!text && text.error().code == Code::not_found) return StoreOwner{.text = "", .place = place};
  if (!text) return fail(text.error());
  return StoreOwner{.text = std::move(*text), .place = place};
}

Status ObjectArtifactStore::set_owner(const std::string& text, SetOwner how) {
  const std::string key(kOwnerKey);
  return how == SetOwner::replace ? bucket_->put(key, text) : bucket_->put_if_absent(key, text);
}

}  // namespace waybill
