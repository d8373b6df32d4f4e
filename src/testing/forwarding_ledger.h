#pragma once

#include <span>
#include <vector>

#include "ports/ledger.h"

namespace waybill {

/// Passes every call on, for tests to override one. `inner` outlives it.
class ForwardingLedger : public Ledger {
 public:
  explicit ForwardingLedger(Ledger& inner) : inner_(inner) {}

  Time now() const override { return inner_.now(); }
  Result<std::vector<Inserted>> insert(std::span<const TaskRequest> requests) override {
    return inner_.insert(requests);
  }
  Result<std::vector<Task>> claim(const ClaimParams& params) override {
    return inner_.claim(params);
  }
  Result<std::vector<Status>> apply(std::span<const Change> changes) override {
    return inner_.apply(changes);
  }
  Result<std::vector<ExtendOutcome>> extend(std::span<const Extension> extensions) override {
    return inner_.extend(extensions);
  }
  Result<std::vector<Status>> record(std::span<const Report> reports) override {
    return inner_.record(reports);
  }
  Result<Overdue> overdue(std::size_t limit) override { return inner_.overdue(limit); }
  Result<std::vector<Uuid>> remove(std::span<const Uuid> ids, Time finished_before) override {
    return inner_.remove(ids, finished_before);
  }

 protected:
  Ledger& inner_;
};

}  // namespace waybill
