#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "core/prio/message.h"
#include "core/prio/planner.h"

namespace waybill::prio {

inline constexpr std::uint32_t kNoWindow = UINT32_MAX;

/// What was skipped: a batch, or a name that is none's, or else a whole window of an aggregation.
struct SkipSubject {
  const BatchRecord* record = nullptr;
  const NameSample::Name* malformed = nullptr;
  std::uint32_t aggregation = 0;     ///< only of a window
  std::uint32_t window = kNoWindow;  ///< where it matters for the aggregation
};

/// `2020/10/31/06/00 to 2020/10/31/09/00`.
std::string span_text(const Window& window);

/// The tasks, with marker, id and message.
PlannedTask intake_task(const BatchName& batch, const std::string& definition);
/// Of a window, or of a part of it: the message says which.
PlannedTask aggregate_task(AggregateMessage& message, const Window& window,
                           const std::string& definition);

/// What was skipped, in words.
Skipped describe(const Listed& listed, SkipReason reason, const SkipSubject& subject);

/// That more names of an aggregation are malformed than are kept.
std::string malformed_warning(const Aggregation& aggregation);
std::string ambiguity_warning(const BatchName& batch, const BatchName& owner);
std::string size_warning(const PlannedTask& task, std::size_t batches, const PrioScan& scan);
std::string left_out_warning(const Aggregation& aggregation, const Window& window);
std::string overlap_warning(const Aggregation& aggregation, const Window& window);
std::string intake_warning(const PlannedTask& task, std::int64_t without_intake,
                           std::size_t batches);

}  // namespace waybill::prio
