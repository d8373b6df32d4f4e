#pragma once

#include <optional>
#include <string>
#include <vector>

#include "kinds/archive/ipfs/node.h"

namespace waybill::ipfs {

/// That somebody wants a tree kept: a file in the node's own file system (MFS), so that all workers
/// and servers that use the node see it, and it outlives them.
struct Lease {
  Cid cid;
  std::string id;    ///< the task's
  std::string name;  ///< for people
  std::string ends;  ///< for people: how long it holds

  bool operator==(const Lease&) const = default;
};

/// The leases of a node, in /waybill/leases/CID/ID. Errors as of Node.
class Leases {
 public:
  explicit Leases(Node& node) : node_(node) {}

  /// Fine to repeat.
  Status put(const Lease& lease, const Deadline& deadline);
  /// Of a CID, or all.
  Result<std::vector<Lease>> list(const std::optional<Cid>& cid, const Deadline& deadline);
  /// Takes these away, and unpins their trees, and that of `also`, if no lease is left of them;
  /// true if one was unpinned, false where others hold it still, or it was pinned no more.
  Result<bool> end(const std::vector<Lease>& leases, const std::optional<Cid>& also,
                   const Deadline& deadline);

 private:
  /// What end() does when its leases are gone; `was_unpinned`: by it, just before.
  Result<bool> release(const Cid& cid, bool was_unpinned, const Deadline& deadline);
  Result<std::vector<std::string>> names_in(const std::string& directory, const Deadline& deadline);
  Result<Lease> read(const std::string& cid, const std::string& id, const Deadline& deadline);

  Node& node_;
};

}  // namespace waybill::ipfs
