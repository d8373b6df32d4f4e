#include "adapters/aws/settings.h"

#include <cerrno>
#include <fstream>
#include <iterator>
#include <system_error>
#include <utility>

namespace waybill::aws {
namespace {

std::string value_or(const Environment& environment, const std::string& name,
                     const std::string& otherwise) {
  const auto found = environment.find(name);
  return found == environment.end() || found->second.empty() ? otherwise : found->second;
}

Profiles read_profiles(const ReadFile& read_file, const std::string& path, ProfileFile kind) {
  const auto text = read_file(path);
  return text ? parse_profiles(*text, kind) : Profiles{};
}

}  // namespace

Settings::Settings(Environment environment, ReadFile read_file)
    : environment_(std::move(environment)),
      read_file_(std::move(read_file)),
      profile_(value_or(environment_, "AWS_PROFILE",
                        value_or(environment_, "AWS_DEFAULT_PROFILE", "default"))),
      config_path_(value_or(environment_, "AWS_CONFIG_FILE", variable("HOME") + "/.aws/config")),
      credentials_path_(value_or(environment_, "AWS_SHARED_CREDENTIALS_FILE",
                                 variable("HOME") + "/.aws/credentials")),
      config_(read_profiles(read_file_, config_path_, ProfileFile::config)),
      credentials_(read_profiles(read_file_, credentials_path_, ProfileFile::credentials)) {}

std::string Settings::variable(const std::string& name) const {
  return value_or(environment_, name, "");
}

std::string Settings::setting(const std::string& profile, const std::string& name) const {
  for (const Profiles* file : {&credentials_, &config_}) {
    const auto settings = file->find(profile);
    if (settings == file->end()) continue;
    const auto found = settings->second.find(name);
    if (found != settings->second.end()) return found->second;
  }
  return {};
}

bool Settings::has_profile(const std::string& profile) const {
  return config_.contains(profile) || credentials_.contains(profile);
}

std::string Settings::region() const {
  return value_or(environment_, "AWS_REGION",
                  value_or(environment_, "AWS_DEFAULT_REGION", setting(profile_, "region")));
}

std::string Settings::endpoint(const std::string& service) const {
  return value_or(environment_, "AWS_ENDPOINT_URL_" + service, variable("AWS_ENDPOINT_URL"));
}

Result<std::string> read_whole_file(const std::string& path) {
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    return fail(Code::not_found,
                "file " + path + " cannot be opened: " + std::generic_category().message(errno));
  }
  try {
    return std::string((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  } catch (const std::ios_base::failure&) {  // a directory, for one
    return fail(Code::unavailable,
                "file " + path + " cannot be read: " + std::generic_category().message(errno));
  }
}

}  // namespace waybill::aws
