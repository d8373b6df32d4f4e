#pragma once

#include <thread>
#include <vector>

#include "ports/bell.h"
#include "ports/clock.h"
#include "ports/ledger_reader.h"

namespace waybill {

/// Rings bells whenever the ledger has changed, by whichever process, from construction to
/// destruction. Reader, bells and clock outlive it.
class LedgerWatch {
 public:
  LedgerWatch(LedgerReader& reader, std::vector<Bell*> bells, Clock& clock);
  /// Stops and waits for the thread.
  ~LedgerWatch() = default;

 private:
  void run(const std::stop_token& stop);

  LedgerReader& reader_;
  const std::vector<Bell*> bells_;
  Clock& clock_;
  std::jthread thread_;  // last: it uses all of the above
};

}  // namespace waybill
