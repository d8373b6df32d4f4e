#include "base/file_descriptor.h"

#include <unistd.h>

#include <cerrno>
#include <string>
#include <system_error>

namespace waybill {
namespace {

struct Meaning {
  Code code;
  const char* advice;
};

Meaning meaning_of(int error_number) {
  switch (error_number) {
    case ENOENT:
    case ENOTDIR:
      return {Code::not_found, "check the path"};
    case EACCES:
    case EPERM:
      return {Code::permission_denied, "give the user that runs waybill access to it"};
    case EROFS:
      return {Code::permission_denied, "mount the file system for writing"};
    case ENOSPC:
    case EDQUOT:
      return {Code::resource_exhausted, "free space on its file system"};
    case EMFILE:
    case ENFILE:
      return {Code::resource_exhausted, "raise the limit of open files"};
    case ENAMETOOLONG:
      return {Code::invalid_argument, "use a shorter name"};
    case EISDIR:
      return {Code::failed_precondition, "there is a directory of that name"};
    default:
      return {Code::unavailable, "look at the disk and try again"};
  }
}

}  // namespace

FileDescriptor::~FileDescriptor() {
  if (fd_ >= 0) ::close(fd_);
}

Error system_error(int error_number, std::string_view action) {
  const Meaning meaning = meaning_of(error_number);
  return Error{.code = meaning.code,
               .message = std::string(action) + ": " +
                          std::generic_category().message(error_number) + "; " + meaning.advice};
}

}  // namespace waybill
