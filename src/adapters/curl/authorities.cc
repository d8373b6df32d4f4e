#include "adapters/curl/authorities.h"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>

#include "base/log.h"

namespace waybill {
namespace {

namespace fs = std::filesystem;

tl::unexpected<Error> refuse(const std::string& path, const std::string& why) {
  return fail(Code::invalid_argument,
              "reading the certificate authorities in " + path + ": " + why);
}

bool has_certificate(const std::string& text) {
  return text.find("-----BEGIN CERTIFICATE-----") != text.npos ||
         text.find("-----BEGIN TRUSTED CERTIFICATE-----") != text.npos;
}

std::string text_of(std::ifstream& stream) { return {std::istreambuf_iterator<char>(stream), {}}; }

/// Of a list of directories some are for other systems: what is not there adds nothing.
void read_directory(const std::string& path, std::string& all) {
  // A directory as OpenSSL wants it has links to its own files, which hold nothing new.
  std::set<fs::path> files;
  std::error_code error;
  for (fs::directory_iterator entry(path, error), end; !error && entry != end;
       entry.increment(error)) {
    std::error_code dangling;
    fs::path file = fs::canonical(entry->path(), dangling);
    if (!dangling && fs::is_regular_file(file, dangling)) files.insert(std::move(file));
  }
  const std::size_t before = all.size();
  for (const fs::path& file : files) {
    std::ifstream stream(file, std::ios::binary);
    const std::string text = text_of(stream);
    if (has_certificate(text)) all += text + "\n";
  }
  if (all.size() > before) return;
  log::warn("no_authorities",
            "SSL_CERT_DIR names a directory that adds no certificate authority in PEM form",
            {{"directory", path}, {"reason", error ? error.message() : "no file in it is one"}});
}

}  // namespace

Result<std::string> read_authorities(const std::vector<std::string>& files,
                                     const std::vector<std::string>& directories) {
  std::string all;
  for (const std::string& path : files) {
    std::ifstream stream(path, std::ios::binary);
    if (!stream.good()) return refuse(path, "no such file, or not readable");
    const std::string text = text_of(stream);
    if (!has_certificate(text)) return refuse(path, "it holds no certificate in PEM form");
    all += text + "\n";
  }
  for (const std::string& path : directories) {
    read_directory(path, all);
  }
  return all;
}

}  // namespace waybill
