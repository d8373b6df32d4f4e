#pragma once

#include <boost/json/fwd.hpp>

#include "core/definition.h"

namespace waybill {

/// {repository, commit, file, line}: the first two are null for a file that is read where it
/// stands.
boost::json::object source_to_json(const DefinitionPlace& place);

}  // namespace waybill
