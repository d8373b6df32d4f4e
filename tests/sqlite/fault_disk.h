#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/rng.h"

namespace waybill {

/// A SQLite VFS over the system's that fails when it is told to, and remembers what was synced.
/// Not thread-safe; must outlive the connections that use it.
class FaultDisk {
 public:
  enum class Fault {
    none,
    power_loss,  ///< this call and all after it fail
    io_error,    ///< this call fails, the next ones work
    disk_full,   ///< this write and all after it fail with "disk full"
  };
  enum class Sync { honest, lies };  ///< lies: says yes and keeps nothing

  explicit FaultDisk(Sync sync = Sync::honest);
  ~FaultDisk();
  FaultDisk(const FaultDisk&) = delete;
  FaultDisk& operator=(const FaultDisk&) = delete;

  /// For SqliteLedgerOptions::vfs.
  const std::string& name() const { return name_; }
  /// The `call`-th call from now that writes, truncates or syncs meets the fault; from 1.
  void fail_at(int call, Fault fault);
  /// Whether the fault has been met.
  bool struck() const { return struck_; }
  /// Whether the call that met it was a sync.
  bool struck_at_sync() const { return struck_at_sync_; }
  /// How many calls that write, truncate or sync came after that one.
  int calls_since() const { return calls_since_; }
  /// Files are opened for reading only, as without permission to write.
  void forbid_writing() { read_only_ = true; }
  /// No more faults.
  void repair();

  enum class Unsynced { lost, partly_kept };
  /// Leaves in the files what a power loss leaves: all that was synced and, of the rest, nothing or
  /// a part that `rng` picks. The connections must be closed.
  void lose_power(Unsynced unsynced, Rng& rng);

 private:
  struct Write {
    std::int64_t offset = 0;
    std::string bytes;
    bool truncates = false;  // to `offset`
  };
  struct Shadow {
    std::string durable;
    std::vector<Write> unsynced;
  };
  struct File;
  struct Methods;

  static void apply(const Write& write, std::string& bytes);
  /// SQLITE_OK, or what the call is to fail with.
  int meet(bool is_sync, int io_error);

  const Sync sync_;
  std::string name_;
  sqlite3_vfs vfs_{};
  std::map<std::string, Shadow> shadows_;
  int calls_left_ = 0;
  Fault fault_ = Fault::none;
  bool read_only_ = false;
  bool struck_ = false;
  bool struck_at_sync_ = false;
  int calls_since_ = 0;
};

}  // namespace waybill
