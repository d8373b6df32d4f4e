#pragma once

#include <cstdint>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "base/file_descriptor.h"
#include "base/result.h"
#include "base/time.h"
#include "ports/artifact_file.h"

namespace waybill {

/// What a content is known by.
struct ArtifactContent {
  std::string sha256;  ///< 64 lower-case hexadecimal digits
  std::int64_t size_bytes = 0;

  bool operator==(const ArtifactContent&) const = default;
};
struct KeptContent {
  ArtifactContent content;
  Time kept_at{};  ///< when it was put last
};
struct KeptContents {
  std::vector<KeptContent> contents;
  std::string next_cursor;  ///< empty: that was all; a page may be empty and yet have one
};

/// Whose contents a store holds.
struct StoreOwner {
  std::string text;   ///< empty: nobody has said so
  std::string place;  ///< where that stands, for people
};
enum class SetOwner : std::uint8_t {
  if_absent,  ///< `already_exists` if there is one; of rivals one wins
  replace,
};

/// Contents may have to be read before it is known that they are whole, few at once and each by one
/// only: whether a call waits for its turn.
enum class IfBusy : std::uint8_t {
  wait,
  refuse,  ///< `unavailable` with `retry_after`
};

/// The contents of artifacts, each once, by the SHA-256 of their bytes. Thread-safe; blocks.
/// Errors: `unavailable` (try again), `resource_exhausted` (disk full), `out_of_range` (larger than
/// the store takes, as bytes_max says), `permission_denied`, `data_loss` (what is there is not what
/// its name says).
class ArtifactStore {
 public:
  virtual ~ArtifactStore() = default;

  /// The largest content that it takes.
  virtual std::int64_t bytes_max() const = 0;
  /// Keeps all of a file, from its beginning on; on disk when it returns. Fine to repeat, and for
  /// many at once: also what is there already counts as put now. A file that somebody writes to at
  /// the same time is kept as it was read. Nobody ever finds a part of it, and what a failure
  /// leaves does not count.
  virtual Result<ArtifactContent> put(const FileDescriptor& file) = 0;
  /// The same for each of many files, in their order; a store may bring all to the disk together,
  /// and take those that may be taken. All are kept when it succeeds; some may be when it fails.
  /// `cancelled`: it was asked to stop.
  virtual Result<std::vector<ArtifactContent>> put_all(std::span<const ArtifactFile> files,
                                                       const std::stop_token& stop);
  /// The content, for reading, at its beginning. `not_found`; `data_loss` if it has been damaged
  /// since it was put: it was read for that, if need be.
  virtual Result<FileDescriptor> open(const std::string& sha256, IfBusy if_busy) = 0;
  Result<FileDescriptor> open(const std::string& sha256) { return open(sha256, IfBusy::wait); }
  /// How large it is. `not_found`; `data_loss` as open, where that costs no transfer.
  virtual Result<std::int64_t> size_bytes(const std::string& sha256, IfBusy if_busy) = 0;
  Result<std::int64_t> size_bytes(const std::string& sha256) {
    return size_bytes(sha256, IfBusy::wait);
  }
  /// Unless it was put after that time, as far as the store can tell. Fine if it is not there.
  virtual Status remove(const std::string& sha256, Time not_put_after) = 0;
  /// Some of what is kept, from `cursor` on (empty: the beginning); each that is there all the
  /// while is given once. `invalid_argument` for a cursor that is not ours.
  virtual Result<KeptContents> kept(const std::string& cursor) = 0;

  virtual Result<StoreOwner> owner() = 0;
  /// At most 1,000 bytes of text; on disk when it returns.
  virtual Status set_owner(const std::string& text, SetOwner how) = 0;
};

}  // namespace waybill
