#pragma once

#include <span>
#include <vector>

#include "adapters/sqlite/transaction.h"
#include "ports/ledger.h"

namespace waybill::sqlite {

/// As Ledger::apply, extend, record and remove; each fills in one answer for each element, in
/// order.
Status apply_changes(Transaction& transaction, std::span<const Change> changes,
                     std::vector<Status>& answers);
Status extend_leases(Transaction& transaction, std::span<const Extension> extensions, Time now,
                     std::vector<ExtendOutcome>& answers);
Status record_reports(Transaction& transaction, std::span<const Report> reports,
                      std::vector<Status>& answers);
Status remove_tasks(Transaction& transaction, std::span<const Uuid> ids, Time finished_before,
                    std::vector<Uuid>& removed);

}  // namespace waybill::sqlite
