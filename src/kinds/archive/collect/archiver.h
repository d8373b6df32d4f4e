#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "base/mutex.h"
#include "kinds/archive/collect/common.h"

namespace waybill {

/// How the items of a collection are archived.
struct ArchiveTerms {
  Uuid collection;
  int parallelism = 2;
  Duration delay{};  ///< between two requests to a host, and of each thread after an item
  bool obeys_robots = true;
  Duration fresh = std::chrono::hours(72);  ///< what was fetched since is taken as it is
  std::int64_t bytes_max = 0;               ///< of one content
  std::int64_t total = 0;                   ///< items, as progress is told
  /// What is to be said of an item's content; none: it is not of those to be archived. Empty: all
  /// are, and nothing is said. Called from several threads.
  std::function<std::optional<std::vector<std::string>>(const std::string& url)> chosen;
  /// As task_mgmt's clients know it: "archiving url 3/7".
  std::function<std::string(std::int64_t number)> status;
};

/// What came of them.
struct ArchiveTally {
  std::int64_t archived = 0;  ///< fetched, and given to the node
  std::int64_t known = 0;     ///< fetched before
  std::int64_t refused = 0;   ///< failed for good
  std::int64_t pending = 0;   ///< failed, but may be there at another attempt
  std::vector<std::pair<std::string, std::string>> failures;         ///< URL and why, of the first
  std::optional<std::pair<std::string, std::string>> pending_first;  ///< likewise, that is pending
  std::optional<Duration> wait;                                      ///< that a server asks for
};

/// Fetches the items of a collection, gives them to the node of IPFS, and writes down what came of
/// each: an attempt that is cut off goes on at the item where it was. What one URL lacks is no
/// failure of the others.
class Archiver {
 public:
  /// All of it outlives the archiver; the desk has a node and collections.
  struct Ports {
    ArchiveDesk& desk;
    const Task& task;
    TaskContext& context;
    StepTeller& steps;
  };
  Archiver(Ports ports, ArchiveTerms terms) : ports_(ports), terms_(std::move(terms)) {}

  /// All items. Errors are those that no other item would be spared: the node is away or not to be
  /// trusted, the disk is full, the collection is gone, `cancelled`, `deadline_exceeded`.
  Result<ArchiveTally> run();
  /// One URL, which is added to the collection first, if it is not in it: a document that says
  /// what else there is. Not given to `chosen`. Errors as run.
  struct Document {
    std::string text;            ///< as it came
    std::optional<Error> error;  ///< why there is none: it was noted
  };
  Result<Document> document(const CollectionItem& item, const std::stop_token& stop);
  /// One URL that is of no use here; likewise.
  Status add_and_archive(const CollectionItem& item, std::vector<std::string> metadata,
                         const std::stop_token& stop);
  ArchiveTally tally();
  /// So many more items than was said.
  void expect(std::int64_t more);

  /// Writes the CDXJ of all items that are archived, and gives it to the node: its CID, which the
  /// collection has from then on.
  Result<std::string> write_index();

 private:
  struct Fetched;

  Status archive(const CollectionItem& item, const std::stop_token& stop);
  /// One that nothing is known of, or too little. `document`: filled if it is not null.
  Status archive_anew(const CollectionItem& item, std::vector<std::string> metadata,
                      const std::stop_token& stop, Document* document);
  Result<std::string> known_text(const std::string& cid, const Deadline& deadline);
  Result<bool> take_known(const CollectionItem& item, const std::vector<std::string>& metadata);
  Result<Fetched> fetch_to_node(const std::string& url, const Deadline& deadline,
                                Document* document);
  Status note_failure(const CollectionItem& item, const Error& error);
  void leave_alone(const std::stop_token& stop);
  bool is_fresh(const UrlFetch& fetch) const;
  bool ends_all(const Error& error) const;
  void count(std::int64_t ArchiveTally::*which, const std::string& url,
             const Error* error = nullptr);
  Deadline until(const std::stop_token& stop) const;

  const Ports ports_;
  const ArchiveTerms terms_;
  Mutex mutex_;
  ArchiveTally tally_ GUARDED_BY(mutex_);
  std::int64_t expected_ GUARDED_BY(mutex_) = terms_.total;
};

/// How a task that archived ends: with what came of it; transient while items may yet be had.
Outcome archived_outcome(const Uuid& collection, const std::string& index_cid,
                         const ArchiveTally& tally, std::int64_t left_out);

/// How many items a collection has.
Result<std::int64_t> count_items(CollectionStore& store, const Uuid& id);

}  // namespace waybill
