#pragma once

#include <boost/json/fwd.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "core/task_definition.h"

namespace waybill::pipeline {

/// What made a step what it was: named fields with the digest of each, in the order of the names.
/// Two steps with equal fingerprints do the same work.
using Fingerprint = std::vector<std::pair<std::string, std::string>>;

/// Of a task: `kind`, `spec.NAME` and `params.NAME` for each of their fields. Queue, priority, time
/// limits and retries change nothing of what a task makes, and are not in it. What the paths of a
/// repository's command lead to is: `program`, `files.PATH`, and no place that has another name
/// with each commit. `outputs` of a step are added by its run.
Fingerprint fingerprint_of(const TaskDefinition& task, const boost::json::object& params);
/// 32 hexadecimal digits; equal values have equal digests, whatever the order of their keys.
std::string digest_of(const boost::json::value& value);

std::string digest_of(const Fingerprint& fingerprint);

/// The names of the fields that are not the same in both, in order: what `run explain` shows.
std::vector<std::string> differences(const Fingerprint& before, const Fingerprint& now);

/// `{"kind": "…", "params.url": "…"}`, for a ledger to keep.
std::string to_json_text(const Fingerprint& fingerprint);
/// Reads what to_json_text wrote; an empty text is an empty fingerprint.
Result<Fingerprint> read_fingerprint(std::string_view json);

}  // namespace waybill::pipeline
