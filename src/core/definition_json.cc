#include "core/definition_json.h"

#include <boost/json.hpp>

#include "base/json.h"

namespace waybill {
namespace bj = boost::json;

bj::object source_to_json(const DefinitionPlace& place) {
  const bool in_git = place.origin.has_value();
  return {{"repository", in_git ? bj::value(json::text(place.origin->repository)) : nullptr},
          {"commit", in_git ? bj::value(json::text(place.origin->commit)) : nullptr},
          {"file", json::text(in_git ? place.origin->path : place.file)},
          {"line", place.at.line}};
}

}  // namespace waybill
