#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "ports/token_store.h"

namespace waybill {

/// One implementation under test: `make` gives an empty store. `owner` keeps alive what `store` is
/// a part of.
struct TokenStoreSubject {
  std::shared_ptr<void> owner;
  TokenStore* store = nullptr;
};
struct TokenStoreImplementation {
  std::string name;
  std::function<TokenStoreSubject()> make;
};

/// What every TokenStore does: this suite is the definition of the port. Link
/// `waybill_conformance_token_store` and instantiate it with a TokenStoreImplementation.
class TokenStoreConformance : public testing::TestWithParam<TokenStoreImplementation> {
 protected:
  void SetUp() override {
    subject_ = GetParam().make();
    ASSERT_NE(subject_.store, nullptr);
  }
  TokenStore& store() { return *subject_.store; }

  /// Puts it; the call must succeed.
  void put(const TokenRecord& record);
  /// All tokens; the call must succeed.
  std::vector<TokenRecord> list();
  Code code_of(const Status& status);

  TokenStoreSubject subject_;
};

}  // namespace waybill
