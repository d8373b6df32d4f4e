#pragma once

#include <string>
#include <string_view>

#include "base/utf8.h"

namespace waybill::postgres {

/// A text that a column of type text takes: what is not UTF-8, or a zero byte, becomes U+FFFD.
inline std::string plain_text(std::string_view text) {
  std::string mended = mend_utf8(text);
  for (std::size_t zero = 0; (zero = mended.find('\0', zero)) != mended.npos;) {
    mended.replace(zero, 1, "\xEF\xBF\xBD");
  }
  return mended;
}

}  // namespace waybill::postgres
