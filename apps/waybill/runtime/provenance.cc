#include "apps/waybill/runtime/provenance.h"

#include <utility>

#include "apps/waybill/provenance_key.h"

namespace waybill::cli {

ProvenanceDesk make_provenance_desk(const Session& session, Store& store) {
  // The file is read each time: a key that takes the other one's place signs from then on.
  return ProvenanceDesk({.reader = store.reader(),
                         .artifacts = store.beside().artifacts,
                         .runs = store.beside().runs,
                         .key = [config = session.config()]() -> Result<SigningKey> {
                           auto keys = read_provenance_keys(config);
                           if (!keys) return fail(keys.error());
                           return std::move(keys->front());
                         }});
}

}  // namespace waybill::cli
