#pragma once

#include <boost/json/fwd.hpp>
#include <string>
#include <string_view>

#include "base/result.h"
#include "core/json_schema.h"
#include "core/task.h"

namespace waybill {

/// A schema that is embedded in the program.
JsonSchema embedded_schema(std::string_view schema);

/// What a task of an archiving kind is told: the fields of its spec, and over them its params,
/// whose names may be written in any case and with or without underscores (`CollectionID`,
/// `collection_id`); null counts as not said. `limits` stand in the spec alone. What task_mgmt's
/// clients send and means nothing (`ipfsApiServerUrl`) is passed over. `invalid_argument` where the
/// schema does not hold; the message begins with the JSON pointer of the field.
Result<boost::json::object> archive_fields(const TaskRequest& request, const JsonSchema& schema,
                                           std::string_view schema_text);

/// Whether the request has no params: then it is a definition that is looked at, and what params
/// are to say may still be missing.
bool has_no_params(const TaskRequest& request);

/// Whether the params say this field, in any of the spellings that are taken for it.
bool params_say(const TaskRequest& request, std::string_view field);

/// The error with the pointer of a field in front.
Error of_field(std::string_view pointer, Error error);

}  // namespace waybill
