#pragma once

#include <string>

#include "base/file_descriptor.h"
#include "base/result.h"
#include "base/time.h"

namespace waybill {

// What a store of contents does with directories and files that others may have put something in
// the place of. No link is followed.

/// Not open: errno says why.
FileDescriptor open_subdirectory(const FileDescriptor& parent, const std::string& name);
/// A directory in another one; made if it is missing and wanted. `path` is for errors: `data_loss`
/// if it is no directory.
Result<FileDescriptor> subdirectory(const FileDescriptor& parent, const std::string& name,
                                    const std::string& path, bool make);
/// The store's own; on disk when it is made.
Result<FileDescriptor> root_directory(const std::string& path, bool make);
/// When a content was put is what its file says.
Status set_times(const FileDescriptor& file, Time now, const std::string& what);

}  // namespace waybill
