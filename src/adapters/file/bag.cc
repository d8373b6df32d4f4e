#include "adapters/file/bag.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <set>

#include "adapters/file/file_io.h"
#include "base/digest.h"
#include "base/digest_copy.h"
#include "base/log.h"

namespace waybill {
namespace {

namespace fs = std::filesystem;

/// The directory that a path is in.
std::string parent_of(const std::string& path) {
  const std::string parent = fs::path(path).parent_path().string();
  return parent.empty() ? "." : parent;
}

/// A path as a manifest has it (RFC 8493, 2.1.3).
std::string manifest_path(std::string_view path) {
  std::string out;
  for (const char c : path) {
    if (c == '%') {
      out += "%25";
    } else if (c == '\r') {
      out += "%0D";
    } else if (c == '\n') {
      out += "%0A";
    } else {
      out += c;
    }
  }
  return out;
}

std::string manifest_of(const std::map<std::string, std::string>& files) {
  std::string text;
  for (const auto& [path, sha256] : files) text += sha256 + "  " + manifest_path(path) + "\n";
  return text;
}

Status put_directory_on_disk(const std::string& path) {
  const FileDescriptor directory(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory.is_open()) return fail(system_error(errno, "writing " + path));
  return sync(directory, path);
}

/// Replaces nothing. Where the file system cannot promise that (EINVAL), a directory that is empty
/// might be replaced, if somebody makes one at this very moment; nothing else can.
Status name_it(const std::string& from, const std::string& to) {
  if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0) return {};
  if (errno == EINVAL && ::access(to.c_str(), F_OK) != 0 &&
      ::rename(from.c_str(), to.c_str()) == 0) {
    return {};
  }
  return fail(system_error(errno, "giving the bag its name, " + to));
}

/// One value is one line (2.2.2).
std::string one_line(std::string text) {
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < 0x20) c = ' ';
  }
  return text;
}

}  // namespace

Result<std::unique_ptr<BagWriter>> BagWriter::create(const std::string& to) {
  std::string path = to;
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  struct stat status {};
  if (path.empty()) return fail(Code::invalid_argument, "a bag needs the name of a directory");
  if (::lstat(path.c_str(), &status) == 0) {
    return fail(Code::already_exists, path + " is there already: name a directory that is not");
  }
  auto bag = std::make_unique<BagWriter>(path);
  std::string pattern = path + ".unfinished-XXXXXX";
  if (::mkdtemp(pattern.data()) == nullptr) {
    return fail(system_error(errno, "making a directory for the bag beside " + path));
  }
  bag->unfinished_ = pattern;
  if (::mkdir((pattern + "/data").c_str(), 0777) != 0) {
    return fail(system_error(errno, "making " + pattern + "/data"));
  }
  return bag;
}

BagWriter::~BagWriter() {
  if (unfinished_.empty()) return;
  std::error_code error;
  fs::remove_all(unfinished_, error);
  if (error) log::warn("bag_left", unfinished_ + " cannot be removed: " + error.message());
}

Result<FileDescriptor> BagWriter::make(const std::string& name) {
  const std::string path = unfinished_ + "/" + name;
  std::error_code error;
  fs::create_directories(parent_of(path), error);
  if (error) return fail(system_error(error.value(), "making the directory of " + path));
  FileDescriptor file(
      ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666));
  if (file.is_open()) return file;
  return fail(system_error(errno, "writing " + path));
}

Status BagWriter::add_payload(const std::string& name, const FileDescriptor& content,
                              const std::string& sha256) {
  const std::string path = "data/" + name;
  auto file = make(path);
  if (!file) return fail(file.error());
  const auto copied = copy_with_digest(content, *file, path);
  if (!copied) return fail(copied.error());
  if (copied->sha256 != sha256) {
    return fail(Code::data_loss, "the content of \"" + name + "\" is not the one of SHA-256 " +
                                     sha256 + ": it is damaged");
  }
  payload_.emplace(path, sha256);
  payload_bytes_ += copied->size_bytes;
  return sync(*file, path);
}

Status BagWriter::add_tag(const std::string& name,
                          const std::function<Status(const Write&)>& fill) {
  auto file = make(name);
  if (!file) return fail(file.error());
  Sha256 digest;
  const Write write = [&](std::string_view bytes) {
    digest.add(bytes);
    return write_all(*file, bytes, name);
  };
  if (const Status filled = fill(write); !filled) return filled;
  tags_.emplace(name, to_hex(digest.finish()));
  return sync(*file, name);
}

Status BagWriter::add_tag(const std::string& name, std::string_view text) {
  return add_tag(name, [text](const Write& write) { return write(text); });
}

Status BagWriter::finish(const std::vector<std::pair<std::string, std::string>>& info) {
  std::string lines;
  for (const auto& [label, value] : info) lines += label + ": " + one_line(value) + "\n";
  lines += "Payload-Oxum: " + std::to_string(payload_bytes_) + "." +
           std::to_string(payload_.size()) + "\n";
  for (const auto& [name, text] : std::initializer_list<std::pair<std::string, std::string>>{
           {"bag-info.txt", lines},
           {"manifest-sha256.txt", manifest_of(payload_)},
           {"bagit.txt", "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"}}) {
    if (const Status added = add_tag(name, text); !added) return added;
  }
  const std::string manifest = manifest_of(tags_);
  if (const Status added = add_tag("tagmanifest-sha256.txt", manifest); !added) return added;
  std::set<std::string> directories = {unfinished_, unfinished_ + "/data"};
  for (const auto* files : {&payload_, &tags_}) {
    for (const auto& [path, sha256] : *files) {
      std::string directory = parent_of(unfinished_ + "/" + path);
      while (directories.insert(directory).second) directory = parent_of(directory);
    }
  }
  for (const std::string& directory : directories) {
    if (const Status kept = put_directory_on_disk(directory); !kept) return kept;
  }
  // mkdtemp made it for its owner alone; it is a file like any other that a command writes.
  const mode_t mask = ::umask(0);
  ::umask(mask);
  if (::chmod(unfinished_.c_str(), 0777 & ~mask) != 0) {
    return fail(system_error(errno, "giving the bag its name, " + to_));
  }
  if (const Status named = name_it(unfinished_, to_); !named) return named;
  unfinished_.clear();
  return put_directory_on_disk(parent_of(to_));
}

}  // namespace waybill
