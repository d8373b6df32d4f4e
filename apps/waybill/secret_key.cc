#include "apps/waybill/secret_key.h"

#include "adapters/aws/settings.h"
#include "apps/waybill/environment.h"
#include "base/base64.h"
#include "base/seal.h"

namespace waybill::cli {
namespace {

constexpr const char* kVariable = "WAYBILL_SECRET_KEY";

}  // namespace

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
  std::string text = variable_in(process_environment(), kVariable);
  std::string source = kVariable;
  if (text.empty()) {
    if (config.secret_key_file.empty()) return std::nullopt;
    source = "--secret-key-file: " + config.secret_key_file;
    auto file = aws::read_whole_file(config.secret_key_file);
    if (!file) return fail(with_context(file.error(), "--secret-key-file"));
    text = std::move(*file);
  }
  auto key = parse_secret_key(text);
  if (!key) return fail(with_context(key.error(), source));
  return std::move(*key);
}

}  // namespace waybill::cli
