#include "core/ipfs/cid.h"

#include <algorithm>
#include <optional>

#include "base/bytes.h"
#include "base/digest.h"

namespace waybill::ipfs {
namespace {

constexpr std::string_view kBase32 = "abcdefghijklmnopqrstuvwxyz234567";
constexpr std::string_view kBase58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
constexpr std::uint64_t kSha256 = 0x12;
constexpr std::size_t kDigestBytes = 32;
/// No name of a SHA-256 is longer; reading base58 takes the square of its length.
constexpr std::size_t kTextMax = 200;

std::string base32(std::string_view bytes) {
  std::string text;
  std::uint32_t held = 0;
  int bits = 0;
  for (const char c : bytes) {
    held = (held << 8) | static_cast<unsigned char>(c);
    for (bits += 8; bits >= 5; bits -= 5) text += kBase32[(held >> (bits - 5)) & 31];
  }
  if (bits > 0) text += kBase32[(held << (5 - bits)) & 31];
  return text;
}

std::optional<std::string> from_base32(std::string_view text) {
  std::string bytes;
  std::uint32_t held = 0;
  int bits = 0;
  for (const char c : text) {
    const auto digit = kBase32.find(c);
    if (digit == kBase32.npos) return std::nullopt;
    held = (held << 5) | static_cast<std::uint32_t>(digit);
    bits += 5;
    if (bits < 8) continue;
    bits -= 8;
    bytes += static_cast<char>((held >> bits) & 0xff);
  }
  // What is left over is filled up with zeros.
  if (bits >= 5 || (held & ((1U << bits) - 1)) != 0) return std::nullopt;
  return bytes;
}

std::optional<std::string> from_base58(std::string_view text) {
  std::string reversed;  // the number, its lowest byte first
  for (const char c : text) {
    const auto digit = kBase58.find(c);
    if (digit == kBase58.npos) return std::nullopt;
    std::uint32_t carry = static_cast<std::uint32_t>(digit);
    for (char& byte : reversed) {
      carry += static_cast<std::uint32_t>(static_cast<unsigned char>(byte)) * 58;
      byte = static_cast<char>(carry & 0xff);
      carry >>= 8;
    }
    for (; carry > 0; carry >>= 8) reversed += static_cast<char>(carry & 0xff);
  }
  const auto zeros = std::min(text.find_first_not_of('1'), text.size());
  reversed.append(zeros, '\0');
  return std::string(reversed.rbegin(), reversed.rend());
}

std::optional<std::string> bytes_of(std::string_view text) {
  const std::string_view rest = text.substr(1);
  if (text.front() == 'b') return from_base32(rest);
  if (text.front() == 'z') return from_base58(rest);
  if (text.front() == 'f') return from_hex(rest);
  return std::nullopt;
}

/// The digest of a multihash that ends the bytes.
std::optional<std::string> digest_in(ByteReader& reader) {
  const auto function = reader.varint();
  const auto size = reader.varint();
  if (function != kSha256 || size != kDigestBytes) return std::nullopt;
  const auto digest = reader.take(kDigestBytes);
  if (!digest || !reader.at_end()) return std::nullopt;
  return std::string(*digest);
}

tl::unexpected<Error> no_cid(std::string_view text) {
  return fail(Code::invalid_argument, "\"" + std::string(text.substr(0, kTextMax)) +
                                          "\" is no CID of a file or a directory by SHA-256, as "
                                          "bafybei… or Qm…");
}

}  // namespace

Cid cid_of(Codec codec, std::string_view block) {
  return {.codec = codec, .digest = sha256(block)};
}

std::string to_bytes(const Cid& cid) {
  std::string bytes;
  put_varint(bytes, 1);
  put_varint(bytes, static_cast<std::uint64_t>(cid.codec));
  put_varint(bytes, kSha256);
  put_text(bytes, cid.digest);
  return bytes;
}

std::string to_string(const Cid& cid) { return "b" + base32(to_bytes(cid)); }

Result<Cid> parse_cid(std::string_view text) {
  if (text.empty() || text.size() > kTextMax) return no_cid(text);
  const bool is_version_0 = text.starts_with("Qm") && text.size() == 46;
  const auto bytes = is_version_0 ? from_base58(text) : bytes_of(text);
  if (!bytes) return no_cid(text);
  ByteReader reader(*bytes);
  Cid cid{.codec = Codec::dag_pb, .digest = {}};
  if (!is_version_0) {
    const auto version = reader.varint();
    const auto codec = reader.varint();
    const bool is_known = codec == static_cast<std::uint64_t>(Codec::raw) ||
                          codec == static_cast<std::uint64_t>(Codec::dag_pb);
    if (version != std::uint64_t{1} || !is_known) return no_cid(text);
    cid.codec = static_cast<Codec>(*codec);
  }
  auto digest = digest_in(reader);
  if (!digest) return no_cid(text);
  cid.digest = std::move(*digest);
  return cid;
}

}  // namespace waybill::ipfs
