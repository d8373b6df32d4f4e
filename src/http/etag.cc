#include "http/etag.h"

#include "http/header_rules.h"

namespace waybill::http {

std::string etag_of_gzip(std::string_view etag) {
  return std::string(etag.substr(0, etag.size() - 1)) + "-gzip\"";
}

bool names_etag(std::string_view header, std::string_view etag, EtagsAre compared) {
  if (without_padding(header) == "*") return true;
  const std::string packed = etag_of_gzip(etag);
  while (!header.empty()) {
    const std::size_t begins = header.find('"');
    const std::size_t ends = begins == header.npos ? begins : header.find('"', begins + 1);
    if (ends == header.npos) return false;
    const bool is_weak = without_padding(header.substr(0, begins)).ends_with("W/");
    const std::string_view named = header.substr(begins, ends + 1 - begins);
    const bool may_be = !is_weak || compared == EtagsAre::weak;
    if (may_be && (named == etag || named == packed)) return true;
    header.remove_prefix(ends + 1);
  }
  return false;
}

}  // namespace waybill::http
