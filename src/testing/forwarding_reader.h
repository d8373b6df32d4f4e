#pragma once

#include <optional>
#include <vector>

#include "ports/ledger_reader.h"

namespace waybill {

/// Passes every call on, for tests to override one. `inner` outlives it.
class ForwardingReader : public LedgerReader {
 public:
  explicit ForwardingReader(LedgerReader& inner) : inner_(inner) {}

  Result<Task> get(const Uuid& id) override { return inner_.get(id); }
  Result<std::vector<HistoryEntry>> history(const Uuid& id) override { return inner_.history(id); }
  Result<TaskPage> page(const PageParams& params) override { return inner_.page(params); }
  Result<std::vector<QueueCounts>> counts() override { return inner_.counts(); }
  Result<std::vector<LedgerEvent>> events(std::uint64_t after, std::size_t limit) override {
    return inner_.events(after, limit);
  }
  Result<std::uint64_t> last_sequence(std::optional<std::uint64_t> past,
                                      const Deadline& deadline) override {
    return inner_.last_sequence(past, deadline);
  }
  Result<std::vector<Dependency>> dependencies(const Uuid& id) override {
    return inner_.dependencies(id);
  }
  Result<Reported> reported(const Uuid& id) override { return inner_.reported(id); }
  Result<std::size_t> ahead(const Uuid& id, std::size_t limit) override {
    return inner_.ahead(id, limit);
  }

 protected:
  LedgerReader& inner_;
};

}  // namespace waybill
