#include "apps/waybill/provenance_key.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include "adapters/aws/settings.h"
#include "adapters/file/file_io.h"
#include "adapters/local/system_random.h"
#include "apps/waybill/secret_key.h"
#include "apps/waybill/store.h"
#include "base/file_descriptor.h"

namespace waybill::cli {
namespace {

constexpr const char* kKeyFile = "/provenance.key";

/// A file under a name that no other one has, which is gone at the end.
class UnfinishedKey {
 public:
  explicit UnfinishedKey(const std::string& path)
      : path_(path + ".unfinished-XXXXXX"), file_(::mkostemp(path_.data(), O_CLOEXEC)) {}
  ~UnfinishedKey() {
    if (file_.is_open()) ::unlink(path_.c_str());
  }
  UnfinishedKey(const UnfinishedKey&) = delete;
  UnfinishedKey& operator=(const UnfinishedKey&) = delete;

  const std::string& path() const { return path_; }
  /// Whole and on disk.
  Status write(std::string_view text) const {
    const std::string what = "the key for provenance, " + path_;
    if (!file_.is_open()) return fail(system_error(errno, "making " + what));
    if (Status written = write_all(file_, text, what); !written) return written;
    return sync_data(file_, what);
  }

 private:
  std::string path_;  // first: the file is made under it
  const FileDescriptor file_;
};

/// Makes the file; fine if another process has.
Status make_key(const std::string& path) {
  const UnfinishedKey unfinished(path);
  const SigningKey key(system_random_bytes(kSeedBytes));
  if (const Status written = unfinished.write(key.to_pem()); !written) return written;
  // A link replaces nothing: the first one stays.
  if (::link(unfinished.path().c_str(), path.c_str()) != 0 && errno != EEXIST) {
    return fail(system_error(errno, "making the key for provenance, " + path));
  }
  return sync_directory_of(path);
}

}  // namespace

std::string provenance_key_path(const Config& config) {
  return config.provenance_key_file.empty() ? config.data + kKeyFile : config.provenance_key_file;
}

Result<std::vector<SigningKey>> read_provenance_keys(const Config& config) {
  const std::string path = provenance_key_path(config);
  if (config.provenance_key_file.empty() && is_on_postgres(config)) {
    return fail(
        Code::failed_precondition,
        "servers on one ledger in PostgreSQL sign with one key, so none makes its own: give "
        "all of them --provenance-key-file; `openssl genpkey -algorithm ed25519` makes one");
  }
  keep_memory_private();
  struct stat status {};
  bool is_there = ::stat(path.c_str(), &status) == 0;
  if (!is_there && errno == ENOENT && config.provenance_key_file.empty()) {
    if (const Status made = make_key(path); !made) return fail(made.error());
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
