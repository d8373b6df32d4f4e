#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "kinds/archive/collect/common.h"
#include "kinds/archive/ipfs/add.h"
#include "kinds/archive/ipfs/warc_notes.h"
#include "kinds/archive/warc/reader.h"

namespace waybill {

/// A payload while it comes, in a file of the scratch directory.
class PayloadFile {
 public:
  static Result<PayloadFile> create(const std::string& directory);
  Status restart();
  void add(std::string_view bytes);
  /// Whether all of it could be written.
  const Status& written() const { return written_; }
  std::int64_t size_bytes() const { return size_; }
  ipfs::UploadFile upload(std::string name) const;

 private:
  PayloadFile(std::string path, FileDescriptor file)
      : path_(std::move(path)), file_(std::move(file)) {}

  std::string path_;
  FileDescriptor file_;
  Status written_;
  std::int64_t size_ = 0;
};

/// Gives the answers in a WARC file to the node, record by record.
class WarcToNode {
 public:
  /// All of it outlives this; the desk has a node.
  struct Ports {
    ArchiveDesk& desk;
    const Task& task;
    TaskContext& context;
    StepTeller& steps;
    WarcNotes& notes;
  };
  struct Terms {
    ipfs::AddOptions add;
    std::int64_t bytes_max = 0;  ///< of one content
    std::int64_t records_max = 0;
  };
  WarcToNode(Ports ports, Terms terms, PayloadFile payload)
      : ports_(ports), terms_(std::move(terms)), payload_(std::move(payload)) {}

  /// Those of a WARC file: so many bytes of a file, from an offset on. What is damaged ends it
  /// early, and is said by `damage`. Errors are those that no other record would be spared: the
  /// node is away, the disk is full, `cancelled`, `deadline_exceeded`; `out_of_range`: there are
  /// more records, or more is to be noted, than the bounds allow. Called once more, it goes on
  /// with another WARC file of the same package.
  Status run(const FileDescriptor& file, std::int64_t offset, std::int64_t size_bytes);
  const std::string& damage() const { return damage_; }
  std::int64_t records() const { return number_; }
  /// Answers that are of no http:// or https:// URL, or of no time.
  std::int64_t left_out() const { return left_out_; }
  /// One more file: its CID.
  Result<std::string> give(ipfs::UploadFile file);

 private:
  struct Answer;

  Status may_go_on() const;
  void tell(std::int64_t position, std::int64_t size);
  Status damaged(Error error);
  Status take(const WarcRecord& record, WarcReader& reader);
  Status note_failure(WarcNote note, const std::string& url, const std::string& why);
  Result<Answer> read_answer(const WarcRecord& record, WarcReader& reader);
  static std::string index_json(const Answer& answer, const std::string& url,
                                const std::string& head_cid, const std::string& cid);

  const Ports ports_;
  const Terms terms_;
  PayloadFile payload_;
  std::string damage_;       // the first, of all files
  bool is_damaged_ = false;  // the file that is read
  std::int64_t number_ = 0;
  std::int64_t left_out_ = 0;
};

}  // namespace waybill
