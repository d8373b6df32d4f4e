#include "apps/waybill/cli/command.h"

#include <algorithm>

namespace waybill::cli {

std::string Invocation::text(std::string_view name) const {
  const auto found = values.find(name);
  return found == values.end() || found->second.empty() ? "" : found->second.back();
}

std::vector<std::string> Invocation::texts(std::string_view name) const {
  const auto found = values.find(name);
  return found == values.end() ? std::vector<std::string>{} : found->second;
}

bool is_own_option(const Command& command, const Invocation& invocation, std::string_view name) {
  return std::ranges::any_of(command.options, [&](const Option& option) {
    return option.name == name && (option.beside.empty() || invocation.has(option.beside));
  });
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
