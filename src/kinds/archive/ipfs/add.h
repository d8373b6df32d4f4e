#pragma once

#include <boost/json/fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "kinds/archive/desk.h"
#include "kinds/archive/ipfs/multipart.h"
#include "ports/task_kind.h"

namespace waybill {

std::string_view ipfs_addurl_spec_schema();
std::string_view ipfs_addfile_spec_schema();
std::string_view ipfs_adddir_spec_schema();

namespace ipfs {

/// How a node is to cut files into blocks, and whether it keeps them.
struct AddOptions {
  std::string chunker = "size-262144";
  std::size_t chunk_bytes = kChunkBytes;  ///< 0: another chunker, of which nothing is computed here
  bool trickle = false;
  bool pin = true;
};
/// Of fields that have passed their schema. `invalid_argument` for a chunker that there is not.
Result<AddOptions> read_add_options(const boost::json::object& fields);

/// What is added, and what is said on the way.
struct AddTerms {
  std::vector<UploadFile> files;  ///< one, or all below one directory
  AddOptions options;
  std::string boundary;
  std::function<void(std::int64_t done, std::int64_t total)> progress;
  Deadline deadline;
};
/// The task's result: CID, sizes, the options, and whether the CID was computed here too. Errors as
/// of Node; `failed_precondition` where the node says another CID than was computed: what it has
/// pinned of that is unpinned.
Result<boost::json::object> add_to_node(ArchiveDesk& desk, AddTerms terms);

}  // namespace ipfs

/// Kinds `ipfs.addurl` and `ipfs.add`: what is at a URL goes to the node. In four steps, which
/// task_mgmt's clients know: "fetching resource", "running checksum", "preparing upload", "adding
/// file to IPFS node".
class IpfsAddUrlKind final : public TaskKind {
 public:
  /// To refuse what can never run, and no more, without a desk; it outlives the kind.
  explicit IpfsAddUrlKind(std::string_view name, ArchiveDesk* desk = nullptr)
      : name_(name), desk_(desk) {}

  std::string_view name() const override { return name_; }
  Status check(const TaskRequest& request) const override;
  std::string_view spec_schema() const override { return ipfs_addurl_spec_schema(); }
  Outcome run(const Task& task, TaskContext& context) override;

 private:
  const std::string name_;
  ArchiveDesk* const desk_;
};

/// Kind `ipfs.addfile`: an artifact goes to the node.
class IpfsAddFileKind final : public TaskKind {
 public:
  explicit IpfsAddFileKind(ArchiveDesk* desk = nullptr) : desk_(desk) {}

  std::string_view name() const override { return "ipfs.addfile"; }
  Status check(const TaskRequest& request) const override;
  std::string_view spec_schema() const override { return ipfs_addfile_spec_schema(); }
  Outcome run(const Task& task, TaskContext& context) override;

 private:
  ArchiveDesk* const desk_;
};

/// Kind `ipfs.adddir`: artifacts go to the node as one directory.
class IpfsAddDirKind final : public TaskKind {
 public:
  explicit IpfsAddDirKind(ArchiveDesk* desk = nullptr) : desk_(desk) {}

  std::string_view name() const override { return "ipfs.adddir"; }
  Status check(const TaskRequest& request) const override;
  std::string_view spec_schema() const override { return ipfs_adddir_spec_schema(); }
  Outcome run(const Task& task, TaskContext& context) override;

 private:
  ArchiveDesk* const desk_;
};

}  // namespace waybill
