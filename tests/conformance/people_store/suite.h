#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>

#include "ports/people_store.h"

namespace waybill {

/// One implementation under test: `make` gives an empty store. `owner` keeps alive what `store` is
/// a part of.
struct PeopleStoreSubject {
  std::shared_ptr<void> owner;
  PeopleStore* store = nullptr;
};
struct PeopleStoreImplementation {
  std::string name;
  std::function<PeopleStoreSubject()> make;
};

/// What every PeopleStore does: this suite is the definition of the port. Link
/// `waybill_conformance_people_store` and instantiate it with a PeopleStoreImplementation.
class PeopleStoreConformance : public testing::TestWithParam<PeopleStoreImplementation> {
 protected:
  void SetUp() override {
    subject_ = GetParam().make();
    ASSERT_NE(subject_.store, nullptr);
  }
  PeopleStore& store() { return *subject_.store; }

  /// Puts it and answers what is kept; the call must succeed.
  PersonRecord put(const PersonRecord& person);
  void put(const SessionRecord& session);

  PeopleStoreSubject subject_;
};

}  // namespace waybill
