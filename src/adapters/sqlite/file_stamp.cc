#include "adapters/sqlite/file_stamp.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <string_view>

#include "base/file_descriptor.h"

namespace waybill::sqlite {
namespace {

bool is_special_in_uri(char c) { return c == '%' || c == '?' || c == '#'; }

std::string escaped(std::string_view path) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string text;
  for (const char c : path) {
    if (is_special_in_uri(c)) {
      const auto byte = static_cast<unsigned char>(c);
      text += '%';
      text += kDigits[byte >> 4];
      text += kDigits[byte & 15];
    } else {
      text += c;
    }
  }
  return text;
}

}  // namespace

Result<FileStamp> stamp_of(const std::string& path) {
  struct stat status {};
  if (::access(path.c_str(), R_OK) != 0 || ::stat(path.c_str(), &status) != 0) {
    return fail(system_error(errno, "reading ledger " + path));
  }
  FileStamp stamp{
      .inode = status.st_ino,
      .size = status.st_size,
      .changed_at_nanos = status.st_mtim.tv_sec * 1'000'000'000 + status.st_mtim.tv_nsec};
  stamp.has_log = ::stat((path + "-wal").c_str(), &status) == 0 && status.st_size > 0;
  return stamp;
}

bool may_write(const std::string& path) {
  if (::access(path.c_str(), F_OK) != 0) return true;
  std::string directory = std::filesystem::path(path).parent_path();
  if (directory.empty()) directory = ".";
  return ::access(path.c_str(), W_OK) == 0 && ::access(directory.c_str(), W_OK) == 0;
}

Result<std::string> read_only_uri(const std::string& path, const FileStamp& stamp) {
  const std::string file = std::filesystem::absolute(path).string();
  if (!stamp.has_log) return "file:" + escaped(file) + "?mode=ro&immutable=1";
  if (::access((path + "-shm").c_str(), F_OK) != 0) {
    return fail(Code::failed_precondition,
                "ledger " + path +
                    ": a writer was killed and left its log without an index, which you may not "
                    "make here; have somebody who may write it run `waybill db stats`, or copy " +
                    path + " and " + path + "-wal to a directory of your own and read them there");
  }
  // Never an index of our own: a writer could not use one that belongs to us.
  return "file:" + escaped(file) + "?mode=ro&readonly_shm=1";
}

}  // namespace waybill::sqlite
