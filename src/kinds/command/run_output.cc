#include "kinds/command/run_output.h"

#include <algorithm>
#include <string>

#include "core/size.h"

namespace waybill {

void RunOutput::add(LogStream stream, std::string_view bytes) {
  const auto room = static_cast<std::size_t>(bytes_max_ - bytes_kept_);
  const std::string_view kept = bytes.substr(0, std::min(room, bytes.size()));
  if (!kept.empty()) context_.log(stream, kept);
  bytes_kept_ += static_cast<std::int64_t>(kept.size());
  if (kept.size() == bytes.size()) return;
  if (bytes_dropped_ == 0) {
    context_.log(LogStream::system, "\n[output cut: " + format_size(bytes_max_) +
                                        " are kept of an attempt, see limits.output]\n");
  }
  bytes_dropped_ += static_cast<std::int64_t>(bytes.size() - kept.size());
}

void RunOutput::finish() {
  if (bytes_dropped_ == 0) return;
  context_.log(LogStream::system,
               "[output cut: " + format_size(bytes_dropped_) + " more were not kept]\n");
}

}  // namespace waybill
