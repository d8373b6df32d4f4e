#include "apps/waybill/secret_key.h"

#include <sys/prctl.h>

#include <sstream>
#include <utility>

#include "adapters/aws/settings.h"
#include "apps/waybill/environment.h"
#include "base/base64.h"
#include "base/log.h"
#include "base/seal.h"

namespace waybill::cli {
namespace {

constexpr const char* kKeyVariable = "WAYBILL_SECRET_KEY";

}  // namespace

// No core dump, no debugger and no /proc/PID/mem or environ for other processes of this user. What
// is executed from here has its own memory, which is as it always is (prctl(2), PR_SET_DUMPABLE).
void keep_memory_private() {
  if (::prctl(PR_SET_DUMPABLE, 0) == 0) return;
  log::warn("memory_not_private", "other processes of this user may read the key from memory");
}

Result<std::string> parse_secret_key(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t\r\n");
  if (begin != text.npos) {
    const std::size_t end = text.find_last_not_of(" \t\r\n");
    const auto key = from_base64(text.substr(begin, end + 1 - begin));
    if (key && key->size() == kSealKeyBytes) return *key;
  }
  return fail(Code::invalid_argument,
              "it is no key: that is 32 bytes in base64, as `openssl rand -base64 32` makes one");
}

Result<std::optional<std::string>> read_secret_key(const Config& config) {
  auto keys = read_secret_keys(config);
  if (!keys) return fail(keys.error());
  if (keys->empty()) return std::nullopt;
  return std::move(keys->front());
}

Result<std::vector<std::string>> read_secret_keys(const Config& config) {
  const bool has_key =
      !variable_in(process_environment(), kKeyVariable).empty() || !config.secret_key_file.empty();
  if (has_key) keep_memory_private();
  std::string text = variable_in(process_environment(), kKeyVariable);
  std::string source = kKeyVariable;
  if (text.empty()) {
    if (config.secret_key_file.empty()) return std::vector<std::string>{};
    source = "--secret-key-file: " + config.secret_key_file;
    auto file = aws::read_whole_file(config.secret_key_file);
    if (!file) return fail(with_context(file.error(), "--secret-key-file"));
    text = std::move(*file);
  }
  std::vector<std::string> keys;
  std::istringstream words(text);
  std::string word;
  while (words >> word || keys.empty()) {
    auto key = parse_secret_key(word);
    if (!key) return fail(with_context(key.error(), source));
    keys.push_back(std::move(*key));
  }
  return keys;
}

}  // namespace waybill::cli
