#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "ports/answer_store.h"

namespace waybill {

/// One implementation under test: `make` gives an empty store. `owner` keeps alive what `store` is
/// a part of.
struct AnswerStoreSubject {
  std::shared_ptr<void> owner;
  AnswerStore* store = nullptr;
};
struct AnswerStoreImplementation {
  std::string name;
  std::function<AnswerStoreSubject()> make;
};

/// What every AnswerStore does: this suite is the definition of the port. Link
/// `waybill_conformance_answer_store` and instantiate it with a AnswerStoreImplementation.
class AnswerStoreConformance : public testing::TestWithParam<AnswerStoreImplementation> {
 protected:
  void SetUp() override {
    subject_ = GetParam().make();
    ASSERT_NE(subject_.store, nullptr);
  }
  AnswerStore& store() { return *subject_.store; }

  /// What is kept for an owner; the call must succeed.
  std::optional<KeptAnswer> find(const std::string& owner);

  AnswerStoreSubject subject_;
};

}  // namespace waybill
