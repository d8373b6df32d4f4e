#include "kinds/archive/ipfs/leases.h"

#include <algorithm>
#include <boost/json.hpp>
#include <set>
#include <utility>

#include "base/json.h"

namespace waybill::ipfs {
namespace {

namespace bj = boost::json;

constexpr std::string_view kRoot = "/waybill/leases";
constexpr std::string_view kBoundary = "waybill-lease-7f0c2a51";

std::string directory_of(const Cid& cid) { return std::string(kRoot) + "/" + to_string(cid); }

/// A body that is in memory.
class TextUpload final : public HttpUpload {
 public:
  explicit TextUpload(std::string text) : text_(std::move(text)) {}
  std::int64_t size_bytes() const { return static_cast<std::int64_t>(text_.size()); }
  Result<std::size_t> read(std::span<char> room) override {
    const std::size_t size = std::min(room.size(), text_.size() - at_);
    std::copy_n(text_.begin() + static_cast<std::ptrdiff_t>(at_), size, room.begin());
    at_ += size;
    return size;
  }

 private:
  const std::string text_;
  std::size_t at_ = 0;
};

/// Of a file of the node; not of a block, or of a path that a server before it does not know.
bool says_not_there(const Error& error) {
  return error.message.find("does not exist") != std::string::npos;
}

std::string text_of(const bj::object& object, const char* name) {
  const auto* value = object.if_contains(name);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

}  // namespace

Status Leases::put(const Lease& lease, const Deadline& deadline) {
  const std::string record = json::serialize(
      bj::object{{"name", json::text(lease.name)}, {"ends", json::text(lease.ends)}});
  TextUpload upload("--" + std::string(kBoundary) +
                    "\r\nContent-Disposition: form-data; name=\"data\"; filename=\"lease\"\r\n"
                    "Content-Type: application/octet-stream\r\n\r\n" +
                    record + "\r\n--" + std::string(kBoundary) + "--\r\n");
  const auto written =
      node_.text({.command = "files/write",
                  .query = {{"arg", directory_of(lease.cid) + "/" + lease.id},
                            {"create", "true"},
                            {"parents", "true"},
                            {"truncate", "true"}},
                  .upload = &upload,
                  .upload_bytes = upload.size_bytes(),
                  .content_type = "multipart/form-data; boundary=" + std::string(kBoundary)},
                 deadline);
  return written ? Status() : Status(fail(written.error()));
}

Result<std::vector<std::string>> Leases::names_in(const std::string& directory,
                                                  const Deadline& deadline) {
  std::vector<std::string> names;
  const auto note = [&](const bj::object& line) {
    // Kubo answers a list, js-ipfs a line for each.
    const auto* entries = line.if_contains("Entries");
    if (entries != nullptr && entries->is_array()) {
      for (const bj::value& entry : entries->get_array()) {
        if (entry.is_object()) names.push_back(text_of(entry.get_object(), "Name"));
      }
    } else if (line.contains("Name")) {
      names.push_back(text_of(line, "Name"));
    }
    return Status();
  };
  const Status listed =
      node_.call({.command = "files/ls", .query = {{"arg", directory}}}, note, deadline);
  if (!listed && !says_not_there(listed.error())) return fail(listed.error());
  return names;
}

Result<Lease> Leases::read(const std::string& cid, const std::string& id,
                           const Deadline& deadline) {
  auto parsed = parse_cid(cid);
  if (!parsed) return fail(parsed.error());
  const auto text =
      node_.text({.command = "files/read",
                  .query = {{"arg", std::string(kRoot) + "/" + to_string(*parsed) + "/" + id}}},
                 deadline);
  if (!text) return fail(text.error());
  Lease lease{.cid = *parsed, .id = id, .name = id, .ends = {}};
  const auto record = json::parse(*text);
  if (record && record->is_object()) {
    lease.name = text_of(record->get_object(), "name");
    lease.ends = text_of(record->get_object(), "ends");
  }
  return lease;
}

Result<std::vector<Lease>> Leases::list(const std::optional<Cid>& cid, const Deadline& deadline) {
  std::vector<std::string> cids;
  if (cid) {
    cids.push_back(to_string(*cid));
  } else {
    auto all = names_in(std::string(kRoot), deadline);
    if (!all) return fail(all.error());
    cids = std::move(*all);
  }
  std::vector<Lease> leases;
  for (const std::string& each : cids) {
    const auto ids = names_in(std::string(kRoot) + "/" + each, deadline);
    if (!ids) return fail(ids.error());
    for (const std::string& id : *ids) {
      auto lease = read(each, id, deadline);
      // It has ended in between.
      if (!lease && says_not_there(lease.error())) continue;
      if (!lease) return fail(lease.error());
      leases.push_back(std::move(*lease));
    }
  }
  return leases;
}

Result<bool> Leases::end(const std::vector<Lease>& leases, const std::optional<Cid>& also,
                         const Deadline& deadline) {
  std::set<std::string> ending;
  std::vector<Cid> cids;
  if (also) cids.push_back(*also);
  for (const Lease& lease : leases) {
    ending.insert(lease.id);
    if (std::find(cids.begin(), cids.end(), lease.cid) == cids.end()) cids.push_back(lease.cid);
  }
  bool any = false;
  for (const Cid& cid : cids) {
    // The pin goes before the last lease: who is cut off in between finds the lease, and goes on.
    const auto names = names_in(directory_of(cid), deadline);
    if (!names) return fail(names.error());
    const bool is_last =
        !names->empty() && std::all_of(names->begin(), names->end(), [&](const std::string& name) {
          return ending.contains(name);
        });
    const auto unpinned = is_last ? node_.unpin(cid, deadline) : Result<bool>(false);
    if (!unpinned) return fail(unpinned.error());
    for (const Lease& lease : leases) {
      if (lease.cid != cid) continue;
      const std::string file = directory_of(cid) + "/" + lease.id;
      const auto removed = node_.text({.command = "files/rm", .query = {{"arg", file}}}, deadline);
      if (!removed && !says_not_there(removed.error())) return fail(removed.error());
    }
    const auto gone = release(cid, *unpinned, deadline);
    if (!gone) return fail(gone.error());
    any = any || *gone;
  }
  return any;
}

Result<bool> Leases::release(const Cid& cid, bool was_unpinned, const Deadline& deadline) {
  const auto left = names_in(directory_of(cid), deadline);
  if (!left) return fail(left.error());
  if (!left->empty() && !was_unpinned) return false;
  const auto gone = left->empty() ? node_.unpin(cid, deadline) : Result<bool>(true);
  if (!gone) return fail(gone.error());
  // One that began in between counted on the pin.
  const auto late = names_in(directory_of(cid), deadline);
  if (!late) return fail(late.error());
  if (!late->empty()) {
    const auto lease = read(to_string(cid), late->front(), deadline);
    const std::string name = lease ? lease->name : late->front();
    if (Status pinned = node_.pin(cid, name, {}, deadline); !pinned) {
      return fail(pinned.error());
    }
    return false;
  }
  const auto removed = node_.text(
      {.command = "files/rm", .query = {{"arg", directory_of(cid)}, {"recursive", "true"}}},
      deadline);
  if (!removed && !says_not_there(removed.error())) return fail(removed.error());
  return *gone || was_unpinned;
}

}  // namespace waybill::ipfs
