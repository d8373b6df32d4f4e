#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/file_descriptor.h"
#include "base/result.h"

namespace waybill {

/// Writes a bag of BagIt 1.0 (RFC 8493): a directory with payload, tag files, and the SHA-256 of
/// each. It has its name only when it is whole and on disk; what was begun and not finished has
/// another name, no bagit.txt, and is removed. Not thread-safe; blocks.
class BagWriter {
 public:
  /// Begins one that will be the directory `to`. `already_exists`: there is something of that name.
  static Result<std::unique_ptr<BagWriter>> create(const std::string& to);
  explicit BagWriter(std::string to) : to_(std::move(to)) {}
  ~BagWriter();
  BagWriter(const BagWriter&) = delete;
  BagWriter& operator=(const BagWriter&) = delete;

  /// A file below data/. `data_loss`: it has not that SHA-256.
  Status add_payload(const std::string& name, const FileDescriptor& content,
                     const std::string& sha256);
  /// Takes the next bytes of a tag file.
  using Write = std::function<Status(std::string_view)>;
  Status add_tag(const std::string& name, const std::function<Status(const Write&)>& fill);
  Status add_tag(const std::string& name, std::string_view text);
  /// Writes what is to be in bag-info.txt besides Payload-Oxum, and the manifests, and gives it
  /// its name. To be called once, at the end.
  Status finish(const std::vector<std::pair<std::string, std::string>>& info);

  std::int64_t payload_bytes() const { return payload_bytes_; }
  std::size_t payload_files() const { return payload_.size(); }

 private:
  Result<FileDescriptor> make(const std::string& name);

  const std::string to_;
  std::string unfinished_;                      // empty: it has its name
  std::map<std::string, std::string> payload_;  // path -> SHA-256
  std::map<std::string, std::string> tags_;
  std::int64_t payload_bytes_ = 0;
};

}  // namespace waybill
