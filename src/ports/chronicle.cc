#include "ports/chronicle.h"

#include "base/digest.h"

namespace waybill {

std::string digest_of(const ScanPass& pass) {
  return sha256(sha256(pass.error) + sha256(pass.report));
}

std::string digest_of(const DefinitionVersion& version) { return sha256(version.definition); }

tl::unexpected<Error> no_pass(const std::string& scan, std::int64_t number) {
  return fail(Code::not_found, "no pass " + std::to_string(number) + " of a scan \"" + scan +
                                   "\" is kept; of each scan the newest " +
                                   std::to_string(kPassesKept) + " are");
}

}  // namespace waybill
