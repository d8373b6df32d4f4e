#include "core/ipfs/unixfs.h"

#include <algorithm>
#include <utility>

#include "base/bytes.h"

namespace waybill::ipfs {
namespace {

// Fields of protobuf, as (number << 3 | wire type). Of dag-pb: links come before data.
constexpr char kNodeData = 0x0a;
constexpr char kNodeLink = 0x12;
constexpr char kLinkHash = 0x0a;
constexpr char kLinkName = 0x12;
constexpr char kLinkSize = 0x18;
// Of UnixFS.
constexpr char kUnixfsType = 0x08;
constexpr char kUnixfsFileSize = 0x18;
constexpr char kUnixfsBlockSize = 0x20;
constexpr std::uint64_t kTypeDirectory = 1;
constexpr std::uint64_t kTypeFile = 2;

/// What a directory may come to before Kubo shards it, counting names and CIDs; js-ipfs counts
/// entries.
constexpr std::size_t kDirectoryBytesMax = 256 * 1024;
constexpr std::size_t kDirectoryEntriesMax = 1000;

void put_number(std::string& out, char field, std::uint64_t value) {
  out += field;
  put_varint(out, value);
}

void put_bytes(std::string& out, char field, std::string_view bytes) {
  out += field;
  put_text(out, bytes);
}

void put_link(std::string& out, std::string_view name, const Tree& tree) {
  std::string link;
  put_bytes(link, kLinkHash, to_bytes(tree.cid));
  put_bytes(link, kLinkName, name);
  put_number(link, kLinkSize, tree.tree_bytes);
  put_bytes(out, kNodeLink, link);
}

Tree node_of(std::string block, std::string_view unixfs, std::uint64_t below) {
  put_bytes(block, kNodeData, unixfs);
  return {
      .cid = cid_of(Codec::dag_pb, block), .content_bytes = 0, .tree_bytes = below + block.size()};
}

Tree file_node(std::span<const Tree> parts) {
  std::string block;
  std::string sizes;
  std::uint64_t content = 0;
  std::uint64_t below = 0;
  for (const Tree& part : parts) {
    put_link(block, {}, part);
    put_number(sizes, kUnixfsBlockSize, part.content_bytes);
    content += part.content_bytes;
    below += part.tree_bytes;
  }
  std::string unixfs;
  put_number(unixfs, kUnixfsType, kTypeFile);
  put_number(unixfs, kUnixfsFileSize, content);
  unixfs += sizes;
  Tree node = node_of(std::move(block), unixfs, below);
  node.content_bytes = content;
  return node;
}

}  // namespace

void FileTree::add(std::string_view bytes) {
  while (!bytes.empty()) {
    const std::size_t taken = std::min(bytes.size(), chunk_bytes_ - chunk_.size());
    chunk_.append(bytes.substr(0, taken));
    bytes.remove_prefix(taken);
    if (chunk_.size() == chunk_bytes_) add_leaf();
  }
}

void FileTree::add_leaf() {
  ++leaves_;
  push(0, {.cid = cid_of(Codec::raw, chunk_),
           .content_bytes = chunk_.size(),
           .tree_bytes = chunk_.size()});
  chunk_.clear();
}

void FileTree::push(std::size_t level, Tree tree) {
  if (levels_.size() == level) levels_.emplace_back();
  // A node is made when there is a link too many: a level that is just full may be the last one.
  if (levels_[level].size() == kLinksMax) {
    const std::vector<Tree> full = std::exchange(levels_[level], {});
    push(level + 1, file_node(full));
  }
  levels_[level].push_back(std::move(tree));
}

Tree FileTree::finish() {
  if (!chunk_.empty() || leaves_ == 0) add_leaf();
  for (std::size_t level = 0;; ++level) {
    const bool is_top = level + 1 == levels_.size();
    if (is_top && levels_[level].size() == 1) return levels_[level].front();
    const std::vector<Tree> rest = std::exchange(levels_[level], {});
    push(level + 1, file_node(rest));
  }
}

std::optional<Tree> directory_tree(std::vector<DirectoryEntry> entries) {
  if (entries.size() > kDirectoryEntriesMax) return std::nullopt;
  std::ranges::sort(entries, {}, &DirectoryEntry::name);
  std::string block;
  std::uint64_t content = 0;
  std::uint64_t below = 0;
  for (const DirectoryEntry& entry : entries) {
    put_link(block, entry.name, entry.tree);
    content += entry.tree.content_bytes;
    below += entry.tree.tree_bytes;
  }
  if (block.size() > kDirectoryBytesMax) return std::nullopt;
  std::string unixfs;
  put_number(unixfs, kUnixfsType, kTypeDirectory);
  Tree node = node_of(std::move(block), unixfs, below);
  node.content_bytes = content;
  return node;
}

}  // namespace waybill::ipfs
