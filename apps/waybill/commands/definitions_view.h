#pragma once

#include <boost/json/fwd.hpp>
#include <string>
#include <vector>

#include "apps/waybill/cli/output.h"
#include "core/source_state.h"

namespace waybill::cli {

/// {sources: […]}, as schemas/cli.schema.json has it.
boost::json::object sources_to_json(const std::vector<SourceState>& states);
/// A row for each source, then what is wrong.
std::string sources_to_text(const std::vector<SourceState>& states, const Output& output);

}  // namespace waybill::cli
