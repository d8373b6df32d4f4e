#include "ports/artifact_store.h"

#include <utility>

namespace waybill {

Result<std::vector<ArtifactContent>> ArtifactStore::put_all(std::span<const ArtifactFile> files,
                                                            const std::stop_token& stop) {
  std::vector<ArtifactContent> contents;
  contents.reserve(files.size());
  for (const ArtifactFile& file : files) {
    if (stop.stop_requested()) {
      return fail(Code::cancelled, "keeping artifacts: it was asked to stop");
    }
    const auto opened = file.open();
    if (!opened) return fail(with_context(opened.error(), "artifact \"" + file.name + "\""));
    auto content = put(*opened);
    if (!content) return fail(with_context(content.error(), "artifact \"" + file.name + "\""));
    contents.push_back(std::move(*content));
  }
  return contents;
}

}  // namespace waybill
