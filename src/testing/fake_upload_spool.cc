#include "testing/fake_upload_spool.h"

#include "testing/fake_artifact_store.h"

namespace waybill {
namespace {

Status check_upload_name(const std::string& name) {
  const bool fits = !name.empty() && name[0] != '.' &&
                    name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789.-") == name.npos;
  return fits ? Status() : Status(fail(Code::invalid_argument, "no name of an upload"));
}

}  // namespace

Result<std::int64_t> FakeUploadSpool::add(const std::string& name, std::int64_t offset,
                                          std::string_view bytes) {
  if (Status named = check_upload_name(name); !named) return fail(named.error());
  const Lock lock(mutex_);
  const auto found = came_.find(name);
  if (offset == 0) {
    came_[name] = bytes;
    return static_cast<std::int64_t>(bytes.size());
  }
  if (found == came_.end()) return 0;
  if (static_cast<std::int64_t>(found->second.size()) == offset) found->second += bytes;
  return static_cast<std::int64_t>(found->second.size());
}

Result<FileDescriptor> FakeUploadSpool::open(const std::string& name) {
  if (Status named = check_upload_name(name); !named) return fail(named.error());
  const Lock lock(mutex_);
  const auto found = came_.find(name);
  if (found == came_.end()) return fail(Code::not_found, "nothing has come as " + name);
  return FakeArtifactStore::file_of(found->second);
}

Status FakeUploadSpool::remove(const std::string& name) {
  if (Status named = check_upload_name(name); !named) return named;
  const Lock lock(mutex_);
  came_.erase(name);
  return {};
}

std::size_t FakeUploadSpool::size() const {
  const Lock lock(mutex_);
  return came_.size();
}

Status FakeUploadSpool::sweep() {
  const Lock lock(mutex_);
  ++sweeps_;
  return {};
}

int FakeUploadSpool::sweeps() const {
  const Lock lock(mutex_);
  return sweeps_;
}

}  // namespace waybill
