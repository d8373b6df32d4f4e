#include "apps/waybill/cli/command.h"

namespace waybill::cli {

std::string Invocation::text(std::string_view name) const {
  const auto found = values.find(name);
  return found == values.end() || found->second.empty() ? "" : found->second.back();
}

std::vector<std::string> Invocation::texts(std::string_view name) const {
  const auto found = values.find(name);
  return found == values.end() ? std::vector<std::string>{} : found->second;
}

std::vector<Option> common_options() {
  return {
      {"help", "", "show this help", Option::Times::once, 'h'},
      {"json", "", "print JSON for programs (docs/reference/cli-json.md)"},
      {"quiet", "",
       "print nothing but results and errors; log errors only, unless --log-level is given"},
      {"config", "FILE", "read settings from FILE instead of waybill.yaml"},
  };
}

}  // namespace waybill::cli
