#include "apps/waybill/provenance_key.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "adapters/aws/settings.h"
#include "adapters/local/system_random.h"
#include "apps/waybill/secret_key.h"
#include "base/file_descriptor.h"

namespace waybill::cli {
namespace {

constexpr const char* kKeyFile = "/provenance.key";

/// A file under a name of this process, whole and on disk, which is gone at the end.
class UnfinishedKey {
 public:
  explicit UnfinishedKey(const std::string& path)
      : path_(path + "." + std::to_string(::getpid()) + ".unfinished") {}
  ~UnfinishedKey() { ::unlink(path_.c_str()); }
  UnfinishedKey(const UnfinishedKey&) = delete;
  UnfinishedKey& operator=(const UnfinishedKey&) = delete;

  const std::string& path() const { return path_; }
  Status write(std::string_view text) const {
    const FileDescriptor file(
        ::open(path_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600));
    while (file.is_open() && !text.empty()) {
      const ssize_t written = ::write(file.get(), text.data(), text.size());
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) break;
      text.remove_prefix(static_cast<std::size_t>(written));
    }
    if (!file.is_open() || !text.empty() || ::fsync(file.get()) != 0) {
      return fail(system_error(errno, "writing the key for provenance, " + path_));
    }
    return {};
  }

 private:
  const std::string path_;
};

Status sync_directory(const std::string& path) {
  const FileDescriptor directory(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (directory.is_open() && ::fsync(directory.get()) == 0) return {};
  return fail(system_error(errno, "writing " + path));
}

/// Makes the file; fine if another process has.
Status make_key(const std::string& directory, const std::string& path) {
  const UnfinishedKey unfinished(path);
  const SigningKey key(system_random_bytes(kSeedBytes));
  if (const Status written = unfinished.write(key.to_pem()); !written) return written;
  // A link replaces nothing: the first one stays.
  if (::link(unfinished.path().c_str(), path.c_str()) != 0 && errno != EEXIST) {
    return fail(system_error(errno, "making the key for provenance, " + path));
  }
  return sync_directory(directory);
}

}  // namespace

std::string provenance_key_path(const Config& config) {
  return config.provenance_key_file.empty() ? config.data + kKeyFile : config.provenance_key_file;
}

Result<std::vector<SigningKey>> read_provenance_keys(const Config& config) {
  const std::string path = provenance_key_path(config);
  keep_memory_private();
  struct stat status {};
  bool is_there = ::stat(path.c_str(), &status) == 0;
  if (!is_there && errno == ENOENT && config.provenance_key_file.empty()) {
    if (const Status made = make_key(config.data, path); !made) return fail(made.error());
    is_there = ::stat(path.c_str(), &status) == 0;
  }
  if (!is_there) return fail(system_error(errno, "reading the key for provenance, " + path));
  if ((status.st_mode & 077) != 0 && status.st_uid == ::geteuid()) {
    return fail(Code::failed_precondition, "the key for provenance, " + path +
                                               ", may be read by others: whoever has it can sign "
                                               "as this server; chmod 600 " +
                                               path);
  }
  const auto text = aws::read_whole_file(path);
  if (!text) return fail(with_context(text.error(), "the key for provenance"));
  auto keys = read_signing_keys(*text);
  if (!keys) return fail(with_context(keys.error(), "the key for provenance, " + path));
  return keys;
}

}  // namespace waybill::cli
