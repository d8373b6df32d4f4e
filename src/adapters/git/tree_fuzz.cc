// Any output of git ls-tree: it is refused, or each path stays below the tree.
#include "adapters/git/tree.h"

#include <cstddef>
#include <cstdint>
#include <string>

#include "base/check.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace waybill;
  constexpr std::size_t kFiles = 100;
  constexpr std::uint64_t kBytes = 1 << 20;
  const auto listing =
      git::read_listing({reinterpret_cast<const char*>(data), size}, kFiles, kBytes);
  if (!listing) return 0;
  std::uint64_t bytes = 0;
  for (const git::TreeFile& file : listing->files) {
    const std::string path = "/" + file.path + "/";
    WAYBILL_CHECK(path.find("//") == path.npos && path.find("/../") == path.npos &&
                      path.find("/./") == path.npos && path.find("/.git/") == path.npos,
                  "a path stays below its tree");
    bytes += file.size;
  }
  WAYBILL_CHECK(listing->files.size() + listing->left_out.size() <= kFiles, "no more files");
  WAYBILL_CHECK(bytes <= kBytes, "no more bytes");
  return 0;
}
