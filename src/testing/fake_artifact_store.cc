#include "testing/fake_artifact_store.h"

#include <sys/mman.h>
#include <unistd.h>

#include "base/check.h"
#include "base/digest.h"
#include "core/artifact.h"

namespace waybill {
namespace {

constexpr std::size_t kContentsOfPage = 2;  // so that tests see several pages

tl::unexpected<Error> no_such_content(const std::string& sha256) {
  return fail(Code::not_found, "there is no content " + sha256);
}

}  // namespace

FileDescriptor FakeArtifactStore::file_of(std::string_view bytes) {
  FileDescriptor file(::memfd_create("content", MFD_CLOEXEC));
  WAYBILL_CHECK(file.is_open(), "there is memory for a test's file");
  const auto size = static_cast<ssize_t>(bytes.size());
  WAYBILL_CHECK(::pwrite(file.get(), bytes.data(), bytes.size(), 0) == size, "likewise");
  return file;
}

std::string FakeArtifactStore::bytes_of(const FileDescriptor& file) {
  std::string bytes;
  char piece[4096];
  ssize_t got = 0;
  while ((got = ::pread(file.get(), piece, sizeof piece, static_cast<off_t>(bytes.size()))) > 0) {
    bytes.append(piece, static_cast<std::size_t>(got));
  }
  WAYBILL_CHECK(got == 0, "a test's file can be read");
  return bytes;
}

Result<ArtifactContent> FakeArtifactStore::put(const FileDescriptor& file) {
  Kept kept{.bytes = bytes_of(file), .kept_at = clock_.now()};
  ArtifactContent content{.sha256 = to_hex(sha256(kept.bytes)),
                          .size_bytes = static_cast<std::int64_t>(kept.bytes.size())};
  const Lock lock(mutex_);
  kept_[content.sha256] = std::move(kept);
  return content;
}

Result<FileDescriptor> FakeArtifactStore::open(const std::string& sha256, IfBusy) {
  const Lock lock(mutex_);
  const auto found = kept_.find(sha256);
  if (found == kept_.end()) return no_such_content(sha256);
  return file_of(found->second.bytes);
}

Result<std::int64_t> FakeArtifactStore::size_bytes(const std::string& sha256, IfBusy) {
  const Lock lock(mutex_);
  const auto found = kept_.find(sha256);
  if (found == kept_.end()) return no_such_content(sha256);
  return static_cast<std::int64_t>(found->second.bytes.size());
}

Status FakeArtifactStore::remove(const std::string& sha256, Time not_put_after) {
  const Lock lock(mutex_);
  const auto found = kept_.find(sha256);
  if (found != kept_.end() && found->second.kept_at <= not_put_after) kept_.erase(found);
  return {};
}

Result<KeptContents> FakeArtifactStore::kept(const std::string& cursor) {
  if (!cursor.empty() && !is_sha256_hex(cursor)) {
    return fail(Code::invalid_argument, "no cursor of this store: " + cursor);
  }
  const Lock lock(mutex_);
  KeptContents page;
  for (auto at = kept_.upper_bound(cursor); at != kept_.end(); ++at) {
    page.contents.push_back(
        {.content = {.sha256 = at->first,
                     .size_bytes = static_cast<std::int64_t>(at->second.bytes.size())},
         .kept_at = at->second.kept_at});
    if (page.contents.size() < kContentsOfPage) continue;
    if (std::next(at) != kept_.end()) page.next_cursor = at->first;
    break;
  }
  return page;
}

Result<StoreOwner> FakeArtifactStore::owner() {
  const Lock lock(mutex_);
  return StoreOwner{.text = owner_, .place = "the fake's owner"};
}

Status FakeArtifactStore::set_owner(const std::string& text, SetOwner how) {
  const Lock lock(mutex_);
  if (how == SetOwner::if_absent && !owner_.empty()) {
    return fail(Code::already_exists, "the store has an owner");
  }
  owner_ = text;
  return {};
}

}  // namespace waybill
