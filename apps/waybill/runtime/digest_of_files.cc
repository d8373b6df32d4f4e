#include "apps/waybill/runtime/digest_of_files.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <filesystem>
#include <utility>
#include <vector>

#include "adapters/git/remote.h"
#include "base/digest.h"
#include "base/digest_copy.h"
#include "base/file_descriptor.h"

namespace waybill::cli {
namespace {

namespace fs = std::filesystem;

/// A line of what is digested: whether it can be executed, its bytes, its name.
Result<std::string> line_of(const std::string& path, const std::string& name, std::size_t& bytes) {
  const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (!file.is_open()) return fail(system_error(errno, "reading " + path));
  struct stat found {};
  if (::fstat(file.get(), &found) != 0) return fail(system_error(errno, "reading " + path));
  bytes += static_cast<std::size_t>(found.st_size);
  if (bytes > git::kBytesMax) {
    return fail(Code::resource_exhausted, path + ": with it these files have more than " +
                                              std::to_string(git::kBytesMax >> 20) +
                                              " MiB; name fewer");
  }
  auto digest = digest_of(file, path);
  if (!digest) return fail(digest.error());
  return ((found.st_mode & S_IXUSR) != 0 ? "x " : "- ") + digest->sha256 + " " + name + "\n";
}

/// Every regular file below a directory, by its path from there.
Result<std::vector<std::string>> files_below(const fs::path& top) {
  std::vector<std::string> names;
  std::error_code error;
  fs::recursive_directory_iterator entry(top, error);
  for (const fs::recursive_directory_iterator end; !error && entry != end; entry.increment(error)) {
    if (entry->path().filename() == ".git") {
      entry.disable_recursion_pending();
      continue;
    }
    const fs::file_status status = entry->symlink_status(error);
    if (error) break;
    if (fs::is_regular_file(status)) {
      names.push_back(entry->path().lexically_relative(top).string());
    }
    if (names.size() > git::kFilesMax) {
      return fail(Code::resource_exhausted,
                  top.string() + " holds more than " + std::to_string(git::kFilesMax) + " files");
    }
  }
  if (error) return fail(system_error(error.value(), "reading " + top.string()));
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace

Result<std::string> digest_of_files(const std::string& path) {
  std::error_code unknown;
  const fs::file_status status = fs::symlink_status(path, unknown);
  std::size_t bytes = 0;
  std::string lines;
  if (fs::is_regular_file(status)) {
    auto line = line_of(path, "", bytes);
    if (!line) return line;
    lines = std::move(*line);
  } else if (fs::is_directory(status)) {
    const auto names = files_below(path);
    if (!names) return fail(names.error());
    for (const std::string& name : *names) {
      const auto line = line_of(path + "/" + name, name, bytes);
      if (!line) return line;
      lines += *line;
    }
  } else {
    return fail(Code::not_found, path + " is no file and no directory");
  }
  return to_hex(sha256(lines)).substr(0, 32);
}

}  // namespace waybill::cli
