#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "ports/collection_store.h"

namespace waybill {

/// One implementation under test: `make` gives an empty store. `owner` keeps alive what `store` is
/// a part of.
struct CollectionStoreSubject {
  std::shared_ptr<void> owner;
  CollectionStore* store = nullptr;
};
struct CollectionStoreImplementation {
  std::string name;
  std::function<CollectionStoreSubject()> make;
};

/// What every CollectionStore does: this suite is the definition of the port. Link
/// `waybill_conformance_collection_store` and instantiate it with a CollectionStoreImplementation.
class CollectionStoreConformance : public testing::TestWithParam<CollectionStoreImplementation> {
 protected:
  void SetUp() override {
    subject_ = GetParam().make();
    ASSERT_NE(subject_.store, nullptr);
  }
  CollectionStore& store() { return *subject_.store; }

  /// All collections; the call must succeed.
  std::vector<Collection> list();
  /// All items of one; likewise.
  std::vector<CollectionItem> items_of(const Uuid& id);

  CollectionStoreSubject subject_;
};

}  // namespace waybill
