#include "tests/sqlite/fault_disk.h"

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace waybill {

/// What SQLite keeps for an open file; the system's own comes right behind it.
struct FaultDisk::File {
  sqlite3_file base;
  FaultDisk* disk;
  Shadow* shadow;  // null for files that need not survive

  sqlite3_file* real() { return reinterpret_cast<sqlite3_file*>(this + 1); }
};

struct FaultDisk::Methods {
  static File& of(sqlite3_file* file) { return *reinterpret_cast<File*>(file); }
  static const sqlite3_io_methods& real(sqlite3_file* file) { return *of(file).real()->pMethods; }
  static FaultDisk& disk(sqlite3_vfs* vfs) { return *static_cast<FaultDisk*>(vfs->pAppData); }
  static sqlite3_vfs* system() { return sqlite3_vfs_find(nullptr); }

  static int close(sqlite3_file* file) { return real(file).xClose(of(file).real()); }
  static int read(sqlite3_file* file, void* data, int size, sqlite3_int64 offset) {
    return real(file).xRead(of(file).real(), data, size, offset);
  }
  static int write(sqlite3_file* file, const void* data, int size, sqlite3_int64 offset) {
    File& self = of(file);
    if (self.shadow != nullptr) {
      if (const int code = self.disk->meet(false, SQLITE_IOERR_WRITE); code != SQLITE_OK) {
        return code;
      }
      self.shadow->unsynced.push_back(
          {.offset = offset,
           .bytes = std::string(static_cast<const char*>(data), static_cast<std::size_t>(size))});
    }
    return real(file).xWrite(self.real(), data, size, offset);
  }
  static int truncate(sqlite3_file* file, sqlite3_int64 size) {
    File& self = of(file);
    if (self.shadow != nullptr) {
      if (const int code = self.disk->meet(false, SQLITE_IOERR_TRUNCATE); code != SQLITE_OK) {
        return code;
      }
      self.shadow->unsynced.push_back({.offset = size, .truncates = true});
    }
    return real(file).xTruncate(self.real(), size);
  }
  static int sync(sqlite3_file* file, int) {
    File& self = of(file);
    if (self.shadow == nullptr) return SQLITE_OK;
    if (const int code = self.disk->meet(true, SQLITE_IOERR_FSYNC); code != SQLITE_OK) return code;
    if (self.disk->sync_ == Sync::lies) return SQLITE_OK;
    for (const Write& one : self.shadow->unsynced) apply(one, self.shadow->durable);
    self.shadow->unsynced.clear();
    return SQLITE_OK;
  }
  static int file_size(sqlite3_file* file, sqlite3_int64* size) {
    return real(file).xFileSize(of(file).real(), size);
  }
  static int lock(sqlite3_file* file, int level) {
    return real(file).xLock(of(file).real(), level);
  }
  static int unlock(sqlite3_file* file, int level) {
    return real(file).xUnlock(of(file).real(), level);
  }
  static int check_lock(sqlite3_file* file, int* reserved) {
    return real(file).xCheckReservedLock(of(file).real(), reserved);
  }
  static int control(sqlite3_file* file, int operation, void* argument) {
    return real(file).xFileControl(of(file).real(), operation, argument);
  }
  static int sector_size(sqlite3_file* file) { return real(file).xSectorSize(of(file).real()); }
  static int characteristics(sqlite3_file* file) {
    return real(file).xDeviceCharacteristics(of(file).real());
  }
  static int shm_map(sqlite3_file* file, int page, int size, int extend, void volatile** memory) {
    return real(file).xShmMap(of(file).real(), page, size, extend, memory);
  }
  static int shm_lock(sqlite3_file* file, int offset, int count, int flags) {
    return real(file).xShmLock(of(file).real(), offset, count, flags);
  }
  static void shm_barrier(sqlite3_file* file) { real(file).xShmBarrier(of(file).real()); }
  static int shm_unmap(sqlite3_file* file, int remove) {
    return real(file).xShmUnmap(of(file).real(), remove);
  }

  static const sqlite3_io_methods* table() {
    static const sqlite3_io_methods kTable = {2,
                                              close,
                                              read,
                                              write,
                                              truncate,
                                              sync,
                                              file_size,
                                              lock,
                                              unlock,
                                              check_lock,
                                              control,
                                              sector_size,
                                              characteristics,
                                              shm_map,
                                              shm_lock,
                                              shm_barrier,
                                              shm_unmap,
                                              nullptr,
                                              nullptr};
    return &kTable;
  }

  static int open(sqlite3_vfs* vfs, const char* path, sqlite3_file* file, int flags, int* out) {
    File& self = of(file);
    self.disk = &disk(vfs);
    const bool survives = (flags & (SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_WAL)) != 0;
    self.shadow = survives && path != nullptr ? &self.disk->shadows_[path] : nullptr;
    if ((flags & SQLITE_OPEN_MAIN_DB) != 0 && self.disk->read_only_) {
      flags = (flags & ~(SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE)) | SQLITE_OPEN_READONLY;
    }
    const int code = system()->xOpen(system(), path, self.real(), flags, out);
    file->pMethods = self.real()->pMethods == nullptr ? nullptr : table();
    return code;
  }
  static int remove(sqlite3_vfs* vfs, const char* path, int sync_directory) {
    FaultDisk& self = disk(vfs);
    if (const int code = self.meet(false, SQLITE_IOERR_DELETE); code != SQLITE_OK) return code;
    self.shadows_.erase(path);
    return system()->xDelete(system(), path, sync_directory);
  }
};

FaultDisk::FaultDisk(Sync sync) : sync_(sync) {
  static std::atomic<int> made = 0;
  name_ = "fault-disk-" + std::to_string(++made);
  vfs_ = *sqlite3_vfs_find(nullptr);
  vfs_.szOsFile += static_cast<int>(sizeof(File));
  vfs_.zName = name_.c_str();
  vfs_.pAppData = this;
  vfs_.pNext = nullptr;
  vfs_.xOpen = &Methods::open;
  vfs_.xDelete = &Methods::remove;
  sqlite3_vfs_register(&vfs_, 0);
}

FaultDisk::~FaultDisk() { sqlite3_vfs_unregister(&vfs_); }

void FaultDisk::fail_at(int call, Fault fault) {
  calls_left_ = call;
  fault_ = fault;
  struck_ = false;
}

void FaultDisk::repair() { fault_ = Fault::none; }

int FaultDisk::meet(bool is_sync, int io_error) {
  if (struck_) ++calls_since_;
  if (fault_ == Fault::none || (!struck_ && --calls_left_ > 0)) return SQLITE_OK;
  const bool first = !struck_;
  if (first) struck_at_sync_ = is_sync;
  struck_ = true;
  if (fault_ == Fault::io_error) return first ? io_error : SQLITE_OK;
  if (fault_ == Fault::disk_full) return is_sync ? SQLITE_OK : SQLITE_FULL;
  return io_error;
}

void FaultDisk::apply(const Write& write, std::string& bytes) {
  const auto at = static_cast<std::size_t>(write.offset);
  if (write.truncates) {
    bytes.resize(at);
    return;
  }
  if (bytes.size() < at + write.bytes.size()) bytes.resize(at + write.bytes.size());
  bytes.replace(at, write.bytes.size(), write.bytes);
}

void FaultDisk::lose_power(Unsynced unsynced, Rng& rng) {
  for (auto& [path, shadow] : shadows_) {
    for (const Write& write : shadow.unsynced) {
      if (unsynced == Unsynced::partly_kept && rng.chance(0.5)) apply(write, shadow.durable);
    }
    shadow.unsynced.clear();
    std::ofstream file(path, std::ios::binary | std::ios::trunc);
    file << shadow.durable;
    std::filesystem::remove(path + "-shm");
  }
  repair();
}

}  // namespace waybill
