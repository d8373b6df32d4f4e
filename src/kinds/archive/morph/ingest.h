#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "kinds/archive/collect/archiver.h"
#include "kinds/archive/ipfs/warc_to_node.h"
#include "kinds/archive/morph/database.h"
#include "kinds/archive/morph/order.h"

namespace waybill {

/// What came of what a scraper has.
struct MorphTally {
  std::int64_t files = 0;     ///< contents that are there
  std::int64_t archived = 0;  ///< given to the node
  std::int64_t known = 0;     ///< given to it before
  std::int64_t failed = 0;    ///< for good
  std::int64_t urls = 0;      ///< that are new in the collection
  std::int64_t left_out = 0;
  std::vector<std::pair<std::string, std::string>> failures;  ///< of the first: which, and why
};

/// Gives what is in the database of a scraper to the node, and writes it down in a collection: what
/// an attempt has done the next one passes over.
class MorphIngest {
 public:
  /// All of it outlives this; the desk has a node and collections.
  struct Ports {
    ArchiveDesk& desk;
    const Task& task;
    TaskContext& context;
    StepTeller& steps;
    ForeignDatabase& database;
  };
  MorphIngest(Ports ports, const MorphOrder& order, const Uuid& collection, PayloadFile content)
      : ports_(ports), order_(order), collection_(collection), content_(std::move(content)) {}

  /// Errors are those that no other content would be spared.
  Result<MorphTally> run();
  /// The database itself, with what is known of the run that filled it: its CID.
  Result<std::string> keep_database(const std::string& path, const std::string& sha256,
                                    std::int64_t size_bytes);

 private:
  struct Source;

  Status take_runs();
  Status take_all(const Source& source);
  Status take(const Source& source, const ForeignDatabase::Row& row);
  Result<bool> is_known(const std::string& url, const std::string& sha256,
                        const std::string& metadata);
  Status read_content(const Source& source, std::int64_t id);
  Status keep(const std::string& url, const std::string& title, UrlFetch fetch,
              ipfs::UploadFile file, const std::string& metadata);
  Status note_failure(const std::string& url, const std::string& title, const std::string& why);
  Status take_urls();
  Status add_urls(std::vector<CollectionItem>& items);
  Result<std::string> give(ipfs::UploadFile file);
  std::string url_of(const Source& source, std::int64_t id) const;
  void tell();

  const Ports ports_;
  const MorphOrder& order_;
  const Uuid collection_;
  PayloadFile content_;
  std::string content_sha256_;
  MorphTally tally_;
  std::int64_t done_ = 0;
  /// Of each run its URL and time.
  std::map<std::string, std::pair<std::string, std::string>> runs_;
  std::string last_run_;
};

}  // namespace waybill
