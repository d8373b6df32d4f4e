#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "core/transition.h"

namespace waybill {

/// A history as bytes: entries one after another, each a varint-coded record; a ledger appends one
/// entry with each change. Typical entry: 12 to 30 bytes. Layout in history.cc, version in each
/// byte 0.
void append_history(std::string& out, const HistoryEntry& entry);

/// All entries, oldest first. `data_loss` with the offset if the bytes are not a history.
Result<std::vector<HistoryEntry>> read_history(std::string_view bytes);

/// Who held the lease that an entry belongs to: entries name the worker only when it claims.
std::string holder_of(const std::vector<HistoryEntry>& history, const HistoryEntry& entry);

}  // namespace waybill
