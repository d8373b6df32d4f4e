#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/ipfs/cid.h"

namespace waybill::ipfs {

/// Of a file is cut into pieces of so many bytes, and a node links to so many: what IPFS calls
/// size-262144 and the balanced layout.
inline constexpr std::size_t kChunkBytes = 262'144;
inline constexpr std::size_t kChunkBytesMax = 1'048'576;
inline constexpr std::size_t kLinksMax = 174;

/// A tree of blocks.
struct Tree {
  Cid cid;
  std::uint64_t content_bytes = 0;  ///< of the file, or of the files
  std::uint64_t tree_bytes = 0;     ///< of all blocks

  bool operator==(const Tree&) const = default;
};

/// Computes what IPFS calls a file (UnixFS 1 over dag-pb, raw leaves, SHA-256, balanced) of bytes
/// that come in pieces. Keeps one chunk and, for each level, the links of one node.
class FileTree {
 public:
  /// `chunk_bytes`: 1..kChunkBytesMax.
  explicit FileTree(std::size_t chunk_bytes = kChunkBytes) : chunk_bytes_(chunk_bytes) {}

  void add(std::string_view bytes);
  /// Of all that was added; to be called once, at the end.
  Tree finish();

 private:
  void add_leaf();
  void push(std::size_t level, Tree tree);

  const std::size_t chunk_bytes_;
  std::string chunk_;
  std::uint64_t leaves_ = 0;
  std::vector<std::vector<Tree>> levels_;  // not yet linked to, lowest first
};

struct DirectoryEntry {
  std::string name;
  Tree tree;
};
/// A directory of these entries in one block, in the order of their names' bytes; none where nodes
/// would spread it over several (HAMT): above 256 KiB, or above 1,000 entries for some.
std::optional<Tree> directory_tree(std::vector<DirectoryEntry> entries);

}  // namespace waybill::ipfs
