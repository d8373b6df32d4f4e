#pragma once

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "adapters/postgres/pool.h"
#include "base/result.h"
#include "ports/ledger_image.h"

namespace waybill::postgres {

/// One transaction on one unchanging snapshot, which has the tables of a ledger to itself: others
/// may read, and wait 5 seconds or less to write.
class ImageSession {
 public:
  enum class For : std::uint8_t { reading, writing };

  ImageSession(const std::string& conninfo, Clock& clock);

  /// Refuses rivals; `writing`: makes the schema where there is none.
  Status begin(For purpose);
  /// The same for writing, but makes no schema: false where there is none.
  Result<bool> begin_if_there();
  const std::string& place() const { return place_; }
  Status read(const ImageTable& table, const LedgerImage::Sink& sink);
  Result<CheckReport> check();
  /// `already_exists`, with what there is.
  Status require_empty();
  Status insert(const ImageTable& table, const std::vector<ImageRow>& rows);
  Status seal();
  Status commit();

 private:
  Result<int> find_schema();
  Status require_schema(For purpose);
  Status take_tables(For purpose);
  Status refuse_rivals();
  Status lock_tables(For purpose);
  Status make_partitions_for(const ImageTable& table, const std::vector<ImageRow>& rows);
  Connection& connection() { return **leased_; }

  Clock& clock_;
  std::string place_;
  Pool pool_;
  std::unique_ptr<Pool::Leased> leased_;
  std::set<std::int64_t> partitions_;  // those that are there, by span
};

}  // namespace waybill::postgres
