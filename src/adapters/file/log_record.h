#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/file_descriptor.h"
#include "base/result.h"
#include "ports/log_store.h"

namespace waybill {

/// A chunk as one record of a log file: 24 bytes of head, then the bytes.
std::string encode_log_record(const LogChunk& chunk);

/// A record that was read, and where the next one begins. The attempt is the file's, not set here.
struct LogRecord {
  LogChunk chunk;
  std::uint64_t next_offset = 0;
};

/// The record at `offset`; none at the end of the file, nor where what follows is no whole record
/// (yet): half of one that is being written, or that a crash left.
Result<std::optional<LogRecord>> read_log_record(const FileDescriptor& file, std::uint64_t offset);

/// How many whole records a file begins with, and where they end.
struct LogLength {
  std::uint64_t records = 0;
  std::uint64_t bytes = 0;
};
/// Goes on from what is known of the file; reads all that comes after it.
Result<LogLength> measure_log(const FileDescriptor& file, LogLength known);

}  // namespace waybill
