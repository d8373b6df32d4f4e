#pragma once

#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/prio/window.h"

namespace waybill::prio {

struct EarlierWindow {
  bool operator()(const Window& a, const Window& b) const {
    return a.begin != b.begin ? a.begin < b.begin : a.end < b.end;
  }
};
using Windows = std::set<Window, EarlierWindow>;

/// How a window is aggregated in parts when one message cannot hold its batches. It is halved at
/// whole minutes, and each half again, until `fits` says so of it; so where parts can begin and end
/// depends on the window alone, and the servers of both sides, and a rerun, come to the same ones
/// while the same batches are known. A worker keeps a sum under its begin and end: two parts never
/// have the same.
///
/// Answers the parts that are not in `done`, oldest first. What is inside of a part that is done is
/// never in another one: a part around one that is done is halved even if it would fit. A single
/// minute is not halved; the caller sees that it does not fit.
std::vector<Window> parts_of(const Window& window, const Windows& done,
                             const std::function<bool(const Window&)>& fits);

/// What parts_of halves on its way to `part`, widest first: `window`, its half and so on, without
/// `part` itself.
std::vector<Window> windows_around(const Window& window, const Window& part);

/// `aggregate-AGG-START-END-part-PSTART-PEND`. workflow-manager reads it as no marker of its own;
/// the window's is written when all parts have theirs.
std::string part_marker(std::string_view aggregation_id, const Window& window, const Window& part);

/// What stands between the marker of the window and the minutes of the part.
inline constexpr std::string_view kPartInfix = "-part-";

}  // namespace waybill::prio
