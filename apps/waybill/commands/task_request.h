#pragma once

#include <boost/json/fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "apps/waybill/cli/command.h"
#include "apps/waybill/session.h"
#include "core/task.h"

namespace waybill::cli {

/// Options of every command that describes a task: --kind, --spec, --param, --params, --queue, ….
std::vector<Option> task_request_options();

/// `invalid_argument` names a whole number of `text` that is not kept as it is in `value`, which
/// was made of it, and what to do.
Status check_numbers_kept(const std::string& place, std::string_view text,
                          const boost::json::value& value);

/// The JSON Schema of a pipeline's params; empty: it has none, or there is no such pipeline.
std::string pipeline_schema(Session& session, const std::string& name);

/// Params as a JSON text: those, and each NAME=VALUE. `place` is named where one is none. A value
/// is a text where the JSON Schema of the params says so, or where JSON would change it (1.10).
Result<std::string> with_params(boost::json::object params, const std::vector<std::string>& pairs,
                                std::string_view place, std::string_view schema);

/// The task that a definition's name, or what stands behind `--`, or --kind describe together with
/// the options, or that starts a run of --pipeline where a command has that; with an id of its own,
/// and checked as far as that goes without a ledger. `invalid_argument` names the option.
Result<TaskRequest> read_task_request(Session& session, const Invocation& invocation,
                                      const std::string& definition);

}  // namespace waybill::cli
