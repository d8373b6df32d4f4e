#pragma once

#include <span>
#include <vector>

#include "adapters/sqlite/writer.h"
#include "ports/clock.h"
#include "ports/host_turns.h"

namespace waybill::sqlite {

class SqliteHostTurnsPort final : public HostTurns {
 public:
  SqliteHostTurnsPort(Writer& writer, Clock& clock) : writer_(writer), clock_(clock) {}

  Result<std::vector<HostTerms>> take(const HostHolding& holding,
                                      std::span<const HostNeed> needs) override;

 private:
  Writer& writer_;
  Clock& clock_;
};

}  // namespace waybill::sqlite
