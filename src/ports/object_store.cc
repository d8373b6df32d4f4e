#include "ports/object_store.h"

namespace waybill {

std::vector<Status> ObjectStore::put_all_if_absent(std::span<const ObjectPut> puts) {
  std::vector<Status> done;
  done.reserve(puts.size());
  for (const auto& [key, body] : puts) done.push_back(put_if_absent(key, body));
  return done;
}

}  // namespace waybill
