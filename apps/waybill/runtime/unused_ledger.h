#pragma once

#include "base/check.h"
#include "ports/ledger.h"

namespace waybill::cli {

/// Stands where a ledger is asked for by what will not use it: a scan that only plans. Any call of
/// it is a bug.
class UnusedLedger final : public Ledger {
 public:
  Time now() const override { return refuse<Time>(); }
  Result<std::vector<Inserted>> insert(std::span<const TaskRequest>) override {
    return refuse<std::vector<Inserted>>();
  }
  Result<std::vector<Task>> claim(const ClaimParams&) override {
    return refuse<std::vector<Task>>();
  }
  Result<std::vector<Status>> apply(std::span<const Change>) override {
    return refuse<std::vector<Status>>();
  }
  Result<std::vector<ExtendOutcome>> extend(std::span<const Extension>) override {
    return refuse<std::vector<ExtendOutcome>>();
  }
  Result<std::vector<Status>> record(std::span<const Report>) override {
    return refuse<std::vector<Status>>();
  }
  Result<Overdue> overdue(std::size_t) override { return refuse<Overdue>(); }
  Result<std::vector<Uuid>> remove(std::span<const Uuid>, Time) override {
    return refuse<std::vector<Uuid>>();
  }

 private:
  template <class T>
  static T refuse() {
    WAYBILL_CHECK(false, "a dry run touches no ledger");
    return T{};
  }
};

}  // namespace waybill::cli
