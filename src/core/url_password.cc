#include "core/url_password.h"

#include <string>

namespace waybill {
namespace {

/// What follows the scheme.
std::string_view place_in(std::string_view url) {
  const std::size_t scheme = url.find("://");
  return scheme == url.npos ? url : url.substr(scheme + 3);
}

}  // namespace

bool url_holds_password(std::string_view url) {
  const std::string_view place = place_in(url);
  const std::size_t colon = place.find(':');
  return colon != place.npos && place.find('@', colon) != place.npos;
}

bool url_password_is_cut(std::string_view url) {
  const std::string_view place = place_in(url);
  return url_holds_password(url) && place.find('/') < place.find('@');
}

Status refuse_password(std::string_view url, const UrlSources& sources) {
  if (!url_holds_password(url)) return {};
  return fail(Code::invalid_argument,
              std::string(sources.flag) +
                  " holds a password, which all can read who may list processes; put the URL into "
                  "the variable " +
                  std::string(sources.variable) + ", or into a file that " +
                  std::string(sources.file_flag) + " names");
}

}  // namespace waybill
