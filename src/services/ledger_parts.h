#pragma once

#include "ports/ledger.h"
#include "ports/ledger_reader.h"
#include "ports/registry.h"

namespace waybill {

/// The ports of one ledger that operations on its tasks need. All of them outlive what uses them.
struct LedgerParts {
  Ledger& ledger;
  LedgerReader& reader;
  Registry& registry;
};

}  // namespace waybill
