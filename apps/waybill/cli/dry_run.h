#pragma once

#include <boost/json/fwd.hpp>
#include <cstdint>

#include "apps/waybill/cli/command.h"
#include "apps/waybill/store.h"

namespace waybill::cli {

/// --dry-run, for a command that writes.
inline constexpr Option kDryRun = {
    .name = "dry-run", .value = "", .help = "say what would be done, and do nothing"};

/// Whether a command does what it says, or only says it.
enum class Doing : std::uint8_t { really, dry };
inline Doing doing_of(const Invocation& invocation) {
  return invocation.has(kDryRun.name) ? Doing::dry : Doing::really;
}

/// A dry run opens the store without the right to write, and makes none.
inline OpenStore opened_for(Doing doing, OpenStore mode) {
  return doing == Doing::dry ? OpenStore::reading : mode;
}

/// The answer to programs: after a dry run it says so.
boost::json::object answer(Doing doing, boost::json::object object);

}  // namespace waybill::cli
