#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/file_descriptor.h"
#include "base/mutex.h"
#include "base/result.h"
#include "kinds/archive/warc/journal.h"
#include "kinds/archive/warc/spool.h"
#include "ports/clock.h"

namespace waybill {

struct CaptureStoreParams {
  std::string directory;  ///< of this capture alone
  std::int64_t file_bytes_max = std::int64_t{1} << 30;
  /// What stands at the beginning of a file, packed.
  std::function<Status(const std::string& filename, Time now, Spool& into)> first_record;
};

/// What a capture has written so far: WARC files, capture-00001.warc.gz and so on, and a journal of
/// what is whole in them. What the journal says is on disk, so that a capture that was killed goes
/// on behind it. Only one at a time has a directory. Thread-safe; blocks.
class CaptureStore {
 public:
  /// What came of it before is kept as far as the journal goes. `unavailable` while another one has
  /// it, `data_loss` where the files are not what the journal says.
  static Result<std::unique_ptr<CaptureStore>> open(CaptureStoreParams params, Clock& clock);
  ~CaptureStore();

  /// The first of an equal payload: `url` and `timestamp` of CdxLine.
  struct Original {
    std::string url;
    std::string timestamp;
  };
  std::optional<Original> original(const std::string& digest) const EXCLUDES(mutex_);
  /// Payloads of an earlier index, to be known before the first record is added.
  void know(const CdxLine& line) EXCLUDES(mutex_);

  /// Packed records that stand together: what is indexed, and the request it answers.
  struct Records {
    const Spool& indexed;
    const Spool& beside;
    bool is_truncated = false;
  };
  /// Writes them; `line` gets where the indexed one is.
  Status add(const Records& records, CdxLine line, const std::optional<CapturedPage>& page)
      EXCLUDES(mutex_);
  void note_failure(const CaptureFailure& failure) EXCLUDES(mutex_);
  void note_done(std::size_t url) EXCLUDES(mutex_);

  /// Puts all of it on disk, and writes its index beside it: capture.cdxj.
  Status close() EXCLUDES(mutex_);

  CaptureState state() const EXCLUDES(mutex_);
  std::int64_t size_bytes() const EXCLUDES(mutex_);
  Result<std::int64_t> free_bytes() const;
  const std::string& directory() const { return params_.directory; }
  std::string index_path() const { return params_.directory + "/capture.cdxj"; }
  /// It is needed no more.
  void remove() EXCLUDES(mutex_);

 private:
  CaptureStore(CaptureStoreParams params, Clock& clock, FileDescriptor journal);
  Status recover() REQUIRES(mutex_);
  void know_line(const CdxLine& line) REQUIRES(mutex_);
  Status begin_file() REQUIRES(mutex_);
  Status write(const Spool& bytes) REQUIRES(mutex_);
  /// What is written counts from now on.
  void note(std::string text) REQUIRES(mutex_);
  Status sync_if_due() REQUIRES(mutex_);
  Status sync() REQUIRES(mutex_);
  Status write_journal() REQUIRES(mutex_);

  const CaptureStoreParams params_;
  Clock& clock_;
  mutable Mutex mutex_;
  const FileDescriptor journal_;
  FileDescriptor file_ GUARDED_BY(mutex_);
  std::int64_t end_ GUARDED_BY(mutex_) = 0;   // of whole records in file_
  std::int64_t size_ GUARDED_BY(mutex_) = 0;  // of all files
  std::string unsaid_ GUARDED_BY(mutex_);     // of the journal, not yet on disk
  std::int64_t unsynced_ GUARDED_BY(mutex_) = 0;
  SteadyTime sync_at_ GUARDED_BY(mutex_);
  std::optional<Error> broken_ GUARDED_BY(mutex_);  // why nothing is told to the journal any more
  CaptureState state_ GUARDED_BY(mutex_);
  std::unordered_map<std::string, Original> originals_ GUARDED_BY(mutex_);
};

/// Closes and indexes captures below `directory` that were killed, and removes those that nobody
/// has gone on with for a week.
void sweep_captures(const std::string& directory, Clock& clock);

}  // namespace waybill
