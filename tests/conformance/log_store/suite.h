#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "ports/log_store.h"

namespace waybill {

/// One implementation under test: `make` gives an empty store. `owner` keeps alive what it needs.
struct LogStoreSubject {
  std::shared_ptr<void> owner;
  std::unique_ptr<LogStore> store;
};
struct LogStoreImplementation {
  std::string name;
  std::function<LogStoreSubject()> make;
};

/// What every LogStore does: this suite is the definition of the port. Link
/// `waybill_conformance_log_store` and instantiate it with a LogStoreImplementation.
class LogStoreConformance : public testing::TestWithParam<LogStoreImplementation> {
 protected:
  void SetUp() override {
    subject_ = GetParam().make();
    ASSERT_NE(subject_.store, nullptr);
  }
  LogStore& store() { return *subject_.store; }

  void append(const Uuid& task, LogChunk chunk);
  /// All that there is from a cursor on; the cursor goes on to where it ended.
  std::vector<LogChunk> read(const Uuid& task, std::string& cursor, std::size_t limit = 1 << 20);
  std::vector<LogChunk> read_all(const Uuid& task);

  LogStoreSubject subject_;
};

}  // namespace waybill
