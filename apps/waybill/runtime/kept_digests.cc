#include "apps/waybill/runtime/kept_digests.h"

#include <utility>

#include "apps/waybill/runtime/digest_of_files.h"

namespace waybill::cli {

Result<std::string> KeptDigests::of(const std::string& path) {
  const auto known = asked_.find(path);
  if (known != asked_.end()) return known->second;
  if (auto before = before_.extract(path)) return asked_.insert(std::move(before)).position->second;
  auto digest = digest_of_files(path);
  if (digest) asked_.emplace(path, *digest);
  return digest;
}

void KeptDigests::begin_round() { before_ = std::exchange(asked_, {}); }

}  // namespace waybill::cli
