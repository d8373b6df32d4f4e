#pragma once

#include <string_view>

namespace waybill {

/// The label of a task that keeps what its maker sent.
inline constexpr char kTraceLabel[] = "traceparent";

/// Whether a text is a traceparent (W3C Trace Context, 3.2.2) that names a trace: of a version that
/// there may be, and neither id all zeros.
bool is_traceparent(std::string_view text);

}  // namespace waybill
