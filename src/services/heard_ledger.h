#pragma once

#include <atomic>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "ports/ledger.h"
#include "ports/ledger_reader.h"

namespace waybill {

/// Passes calls on and counts the answers: a step that asked for nothing does not tell whether the
/// ledger is there. Ledger and reader outlive it. As thread-safe as they are.
class HeardLedger final : public WorkLedger, public TaskReader {
 public:
  HeardLedger(WorkLedger& ledger, TaskReader& reader) : ledger_(ledger), reader_(reader) {}

  std::uint64_t answers() const { return answers_; }

  Time now() const override { return ledger_.now(); }
  Result<std::vector<Task>> claim(const ClaimParams& params) override {
    return heard(ledger_.claim(params));
  }
  Result<std::vector<Status>> apply(std::span<const Change> changes) override {
    return heard(ledger_.apply(changes));
  }
  Result<std::vector<ExtendOutcome>> extend(std::span<const Extension> extensions) override {
    return heard(ledger_.extend(extensions));
  }
  Result<std::vector<Status>> record(std::span<const Report> reports) override {
    return heard(ledger_.record(reports));
  }
  Result<Task> get(const Uuid& id) override { return heard(reader_.get(id)); }
  Result<Reported> reported(const Uuid& id) override { return heard(reader_.reported(id)); }

 private:
  template <class T>
  Result<T> heard(Result<T> answer) {
    if (answer) ++answers_;
    return answer;
  }

  WorkLedger& ledger_;
  TaskReader& reader_;
  std::atomic<std::uint64_t> answers_ = 0;
};

}  // namespace waybill
