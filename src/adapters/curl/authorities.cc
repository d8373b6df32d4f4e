#include "adapters/curl/authorities.h"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>

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

Status read_directory(const std::string& path, std::string& all) {
  // A directory as OpenSSL wants it has links to its own files, which hold nothing new.
  std::set<fs::path> files;
  std::error_code error;
  for (fs::directory_iterator entry(path, error), end; !error && entry != end;
       entry.increment(error)) {
    std::error_code dangling;
    fs::path file = fs::canonical(entry->path(), dangling);
    if (!dangling && fs::is_regular_file(file, dangling)) files.insert(std::move(file));
  }
  if (error) return refuse(path, error.message());
  const std::size_t before = all.size();
  for (const fs::path& file : files) {
    std::ifstream stream(file, std::ios::binary);
    const std::string text = text_of(stream);
    if (has_certificate(text)) all += text + "\n";
  }
  if (all.size() == before) return refuse(path, "no file in it holds a certificate in PEM form");
  return {};
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
    if (Status read = read_directory(path, all); !read) return fail(read.error());
  }
  return all;
}

}  // namespace waybill
