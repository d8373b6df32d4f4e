#include "http/gzip.h"

#include <zlib.h>

#include <optional>

#include "base/ascii.h"
#include "base/check.h"

namespace waybill::http {
namespace {

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

/// `;q=0`, `;q=0.000`: not at all.
bool is_refused(std::string_view parameters) {
  const std::size_t q = parameters.find("q=");
  if (q == parameters.npos) return false;
  const std::string_view weight = trim(parameters.substr(q + 2));
  return !weight.empty() && weight.find_first_not_of("0.") == weight.npos;
}

/// Whether the coding is allowed where it is named first; none: it is not named.
std::optional<bool> weigh(std::string_view accept_encoding, std::string_view coding) {
  while (!accept_encoding.empty()) {
    const std::size_t comma = accept_encoding.find(',');
    const std::string_view entry = accept_encoding.substr(0, comma);
    accept_encoding.remove_prefix(comma == accept_encoding.npos ? accept_encoding.size()
                                                                : comma + 1);
    const std::size_t semicolon = entry.find(';');
    if (to_lower(trim(entry.substr(0, semicolon))) != coding) continue;
    return semicolon == entry.npos || !is_refused(to_lower(entry.substr(semicolon)));
  }
  return std::nullopt;
}

}  // namespace

bool takes_gzip(std::string_view accept_encoding) {
  if (const auto named = weigh(accept_encoding, "gzip")) return *named;
  if (const auto named = weigh(accept_encoding, "x-gzip")) return *named;
  return weigh(accept_encoding, "*").value_or(false);
}

bool takes_coding(std::string_view accept_encoding, std::string_view coding) {
  return weigh(accept_encoding, coding).value_or(false);
}

std::string gzip(std::string_view bytes) {
  z_stream stream{};
  constexpr int kGzipFormat = 15 + 16;  // the largest window, with gzip's header
  const int begun =
      deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, kGzipFormat, 8, Z_DEFAULT_STRATEGY);
  WAYBILL_CHECK(begun == Z_OK, "deflate begins unless memory is used up");
  std::string packed(deflateBound(&stream, bytes.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  const int ended = deflate(&stream, Z_FINISH);
  packed.resize(packed.size() - stream.avail_out);
  deflateEnd(&stream);
  WAYBILL_CHECK(ended == Z_STREAM_END, "deflateBound says how much room is enough");
  return packed;
}

}  // namespace waybill::http
