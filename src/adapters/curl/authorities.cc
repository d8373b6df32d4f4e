#include "adapters/curl/authorities.h"

#include <fstream>
#include <iterator>

namespace waybill {

Result<std::string> read_authorities(const std::vector<std::string>& files) {
  std::string all;
  for (const std::string& path : files) {
    std::ifstream stream(path, std::ios::binary);
    if (!stream.good()) {
      return fail(Code::invalid_argument, "reading the certificate authorities in " + path +
                                              ": no such file, or not readable");
    }
    const std::string text{std::istreambuf_iterator<char>(stream), {}};
    if (text.find("-----BEGIN CERTIFICATE-----") == text.npos &&
        text.find("-----BEGIN TRUSTED CERTIFICATE-----") == text.npos) {
      return fail(Code::invalid_argument, "reading the certificate authorities in " + path +
                                              ": it holds no certificate in PEM form");
    }
    all += text + "\n";
  }
  return all;
}

}  // namespace waybill
