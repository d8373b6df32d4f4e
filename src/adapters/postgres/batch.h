#pragma once

#include <functional>
#include <vector>

#include "adapters/postgres/connection.h"

namespace waybill::postgres {

/// Statements that go to the server in one round trip, each with what is done with its answer.
class Batch {
 public:
  /// An error ends the transaction.
  using Take = std::function<Status(const Rows&)>;

  void add(Sql sql, Params params = {}, Take take = {}) {
    calls_.push_back({sql, std::move(params)});
    takes_.push_back(std::move(take));
  }
  std::size_t size() const { return calls_.size(); }

  /// Sends them, waits once, and has each answer taken in order.
  Status run(Connection& connection) {
    if (calls_.empty()) return {};
    const auto answers = connection.run_all(calls_, {});
    if (!answers) return fail(answers.error());
    for (std::size_t i = 0; i < answers->size(); ++i) {
      if (!takes_[i]) continue;
      if (Status taken = takes_[i]((*answers)[i]); !taken) return taken;
    }
    return {};
  }

 private:
  std::vector<Call> calls_;
  std::vector<Take> takes_;
};

}  // namespace waybill::postgres
