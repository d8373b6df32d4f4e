#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "ports/object_store.h"

namespace waybill {

/// One implementation under test: `make` gives an empty bucket that lists at most `page_size`
/// objects and folded prefixes at a time. `owner` keeps alive what the store needs (a directory).
struct ObjectStoreSubject {
  std::shared_ptr<void> owner;
  std::unique_ptr<ObjectStore> store;
};
struct ObjectStoreImplementation {
  std::string name;
  std::function<ObjectStoreSubject(std::size_t page_size)> make;
};

/// What every ObjectStore does: this suite is the definition of the port. Link
/// `waybill_conformance_object_store` and instantiate it with an ObjectStoreImplementation.
class ObjectStoreConformance : public testing::TestWithParam<ObjectStoreImplementation> {
 protected:
  void SetUp() override { make(1000); }
  void make(std::size_t page_size);

  ObjectStore& store() { return *subject_.store; }
  /// Puts objects whose body is their key.
  void fill(const std::vector<std::string>& keys);
  /// All pages of a listing.
  struct Listing {
    std::vector<std::string> keys;
    std::vector<std::string> prefixes;
    std::size_t pages = 0;
  };
  Listing list(ListParams params);
  std::vector<std::string> keys(ListParams params = {}) { return list(std::move(params)).keys; }

  ObjectStoreSubject subject_;
};

}  // namespace waybill
