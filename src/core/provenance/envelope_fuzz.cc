// Envelopes and statements come from anybody.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/provenance/envelope.h"
#include "core/provenance/statement.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  static const waybill::SigningKey kKey(std::string(waybill::kSeedBytes, 'k'));
  static const std::vector<waybill::PublicKey> kKeys = {kKey.public_key()};
  // Nobody but who has the key makes one that is opened.
  const auto opened = waybill::provenance::open_envelope(text, kKeys);
  if (!opened && opened.error().message.empty()) __builtin_trap();
  const std::string sealed = waybill::provenance::seal_statement(text, kKey);
  const auto again = waybill::provenance::open_envelope(sealed, kKeys);
  if (!again || again->statement != text) __builtin_trap();
  const auto said = waybill::provenance::read_statement(text);
  if (!said) return 0;
  for (const auto& file : said->files) {
    if (("/" + file.name + "/").find("/../") != std::string::npos) __builtin_trap();
  }
  return 0;
}
