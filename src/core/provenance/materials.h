#pragma once

#include <boost/json/fwd.hpp>

#include "core/task.h"

namespace waybill::provenance {

/// What a task was made from and worked on, as far as its ledger has it by a digest or a name: its
/// definition and pipeline at their commit, the image, a repository's commit, artifacts and CIDs
/// that its spec and params name, what it fetched, and the tasks that it waited for. Descriptors
/// of in-toto (ResourceDescriptor, version 1), each once.
boost::json::array materials_of(const Task& task);

/// A JSON text as the statement has it: without the passwords of URLs; an object if it is empty.
boost::json::value shown_json(std::string_view text);

}  // namespace waybill::provenance
