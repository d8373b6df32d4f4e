#pragma once

#include <string>

#include "base/file_descriptor.h"
#include "base/result.h"

namespace waybill {

/// Where a key's file lies: an open directory, and the name in it.
struct ObjectPlace {
  FileDescriptor directory;
  std::string name;
};

/// `not_found` with the path and what to do if the directory is missing.
Result<FileDescriptor> open_bucket(const std::string& directory);

/// Opens a directory by its path below another one. Not open, with errno set, if there is none.
FileDescriptor open_below(const FileDescriptor& directory, const std::string& path);

/// Opens the directory that a key's file lies in; makes those that are missing, durably.
/// `failed_precondition` if one of them is an object.
Result<ObjectPlace> make_place(const std::string& bucket, const std::string& key);

/// That a key cannot be written, because of two keys one is the other's directory.
Error nested_key(const std::string& bucket, const std::string& key);

}  // namespace waybill
