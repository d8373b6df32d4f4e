#pragma once

#include <memory>

#include "testing/forwarding_reader.h"

namespace waybill::sim {

/// A plant's factory for a wrong reader of this type.
template <class Wrong>
auto wrong_reader() {
  return [](LedgerReader& inner) -> std::unique_ptr<LedgerReader> {
    return std::make_unique<Wrong>(inner);
  };
}

}  // namespace waybill::sim
