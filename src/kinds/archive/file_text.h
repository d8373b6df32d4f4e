#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/file_descriptor.h"
#include "base/result.h"

namespace waybill {

/// All of a file that is open at its beginning. `out_of_range` where it has more than that, with
/// `what` in front.
Result<std::string> text_of_open_file(const FileDescriptor& file, std::size_t bytes_max,
                                      std::string_view what);
/// Opens a file for reading, at its beginning; no symbolic link.
Result<FileDescriptor> open_to_read(const std::string& path);
/// Writes all of it, from where the file is.
Status write_whole(const FileDescriptor& file, std::string_view bytes, std::string_view what);
/// A new file with that text, in place of one that is there.
Status write_new_file(const std::string& path, std::string_view text);

}  // namespace waybill
