#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace waybill {

/// A time zone of the IANA database. Immutable, thread-safe.
class Zone {
 public:
  virtual ~Zone() = default;
  virtual const std::string& name() const = 0;
  /// Local time minus UTC at that moment.
  virtual Duration offset_at(Time utc) const = 0;
  /// The first moment after `utc` at which the offset changes; kTimeMax if it never does.
  virtual Time next_change(Time utc) const = 0;
};

/// Reads TZif bytes (RFC 8536, versions 1 to 4, with the footer's rule for later years).
/// `invalid_argument` if they are not TZif.
Result<std::shared_ptr<const Zone>> parse_zone(std::string name, std::string_view tzif);

/// A zone of the system's database, read once for the process. `not_found` says which name was
/// asked for and where it was looked for. "UTC" always works.
Result<std::shared_ptr<const Zone>> find_zone(const std::string& name);

}  // namespace waybill
