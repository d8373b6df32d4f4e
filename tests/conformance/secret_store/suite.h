#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "ports/secret_store.h"

namespace waybill {

/// One implementation under test: `make` gives an empty store. `owner` keeps alive what `store` is
/// a part of.
struct SecretStoreSubject {
  std::shared_ptr<void> owner;
  SecretStore* store = nullptr;
};
struct SecretStoreImplementation {
  std::string name;
  std::function<SecretStoreSubject()> make;
};

/// What every SecretStore does: this suite is the definition of the port. Link
/// `waybill_conformance_secret_store` and instantiate it with a SecretStoreImplementation.
class SecretStoreConformance : public testing::TestWithParam<SecretStoreImplementation> {
 protected:
  void SetUp() override {
    subject_ = GetParam().make();
    ASSERT_NE(subject_.store, nullptr);
  }
  SecretStore& store() { return *subject_.store; }

  /// All secrets; the call must succeed.
  std::vector<SecretRecord> list();

  SecretStoreSubject subject_;
};

}  // namespace waybill
