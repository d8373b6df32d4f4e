#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "ports/ledger_admin.h"

namespace waybill {

/// What a column holds, whichever database keeps it.
enum class CellType : std::uint8_t {
  integer,
  flag,    ///< 0 or 1
  text,    ///< UTF-8
  octets,  ///< text that may hold anything
  bytes,
  id,  ///< 16 bytes
};

struct ImageColumn {
  std::string_view name;
  CellType type;
};

/// A table as all ledgers have it. Its first columns are its key, by which rows are ordered: texts
/// and bytes byte by byte.
struct ImageTable {
  std::string_view name;
  std::size_t key_columns;
  std::vector<ImageColumn> columns;
};

/// Null, an integer or flag, or the bytes of anything else.
using Cell = std::variant<std::monostate, std::int64_t, std::string>;
using ImageRow = std::vector<Cell>;

/// All that a ledger holds, in an order in which it can be written: what is referred to comes
/// first. Left out is what is of a running server alone: workers, who holds a run or a webhook,
/// counts.
std::span<const ImageTable> image_tables();

/// A ledger at rest, as rows of image_tables(). While it lives nobody changes the ledger. Used by
/// one thread.
class LedgerImage {
 public:
  virtual ~LedgerImage() = default;
  /// Where it is, for people; nothing secret.
  virtual const std::string& place() const = 0;
  /// Calls `sink` with all rows of the table in the order of its key, some at a time; stops with
  /// the sink's error. The sink may change them.
  using Sink = std::function<Status(std::vector<ImageRow>& rows)>;
  virtual Status read(const ImageTable& table, const Sink& sink) = 0;
  /// As LedgerAdmin::check, of the same rows.
  virtual Result<CheckReport> check() = 0;
};

/// A ledger in the making. Nobody sees anything of it before publish(), and without that it is gone
/// when it is destroyed, or when the program or the machine ends.
class LedgerDraft : public LedgerImage {
 public:
  /// Adds rows that are not there yet; tables in the order of image_tables(). Texts that the place
  /// cannot keep as they are are changed in `rows` too; answers how many. `invalid_argument` where
  /// such a one is part of a key.
  virtual Result<std::int64_t> put(const ImageTable& table, std::vector<ImageRow>& rows) = 0;
  /// Derives what is not copied: counts, and where numbering goes on. To be called after the last
  /// row; then it can be read and checked.
  virtual Status finish() = 0;
  /// Makes it the ledger of its place: on disk when it returns.
  virtual Status publish() = 0;
};

}  // namespace waybill
