#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"

namespace waybill::prio {

/// The key of an object, `AGG/YYYY/MM/DD/HH/mm/FILE`, taken apart. Views into the key.
struct ObjectName {
  std::string_view aggregation_id;  ///< may be empty
  Time time{};                      ///< a whole minute, UTC
  std::string_view file;            ///< batch id and suffix; may be empty

  bool operator==(const ObjectName&) const = default;
};

/// Strict: seven components, a date of the calendar, every part of it padded to its width, UTF-8.
/// `invalid_argument` says what is wrong with which component.
Result<ObjectName> parse_object_name(std::string_view key);

/// `YYYY?MM?DD?HH?mm` with this separator. Times before the year 0 or after 9999 are written as the
/// first or last minute of those.
void append_minute(std::string& out, Time time, char separator);
std::string format_minute(Time time, char separator);

inline constexpr std::size_t kMinuteBytes = 16;
/// Reads exactly what append_minute writes.
std::optional<Time> parse_minute(std::string_view text, char separator);

/// The files of a batch, by their suffix.
enum class Part : std::uint8_t { none = 0, header = 1, packets = 2, signature = 4 };

struct BatchFile {
  std::string_view batch_id;
  Part part = Part::none;  ///< none: no file of a batch; the id is then the file's whole name
};

/// Tells the files of one infix: `batch`, `validity_0` or `validity_1`.
class FileSuffixes {
 public:
  explicit FileSuffixes(std::string_view infix);

  /// The part by the file's ending; from the id every suffix is stripped once, header's, packets'
  /// and signature's one after another: `x.batch.avro.batch` is the header of `x`, as
  /// workflow-manager has it.
  BatchFile split(std::string_view file) const;
  /// The suffix of a part, without the dot.
  std::string_view name(Part part) const;

 private:
  std::string header_;
  std::string packets_;
  std::string signature_;
};

/// A batch of one aggregation.
struct BatchName {
  std::string_view aggregation_id;
  Time time{};
  std::string_view batch_id;
};

/// `intake-AGG-YYYY-MM-DD-HH-mm-ID`
std::string intake_marker(const BatchName& batch);
/// `aggregate-AGG-START-END`
std::string aggregate_marker(std::string_view aggregation_id, Time begin, Time end);

/// Whether another batch could have the same intake marker: the ids hold a date in the marker's
/// form, so that its name can be read in two ways. Depends on this batch alone.
bool has_ambiguous_marker(const BatchName& batch);

}  // namespace waybill::prio
