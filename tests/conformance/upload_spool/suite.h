#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>

#include "ports/upload_spool.h"

namespace waybill {

/// One implementation under test: `make` gives an empty spool. `owner` keeps alive what `spool` is
/// a part of.
struct UploadSpoolSubject {
  std::shared_ptr<void> owner;
  UploadSpool* spool = nullptr;
};
struct UploadSpoolImplementation {
  std::string name;
  std::function<UploadSpoolSubject()> make;
};

/// What every UploadSpool does: this suite is the definition of the port. Link
/// `waybill_conformance_upload_spool` and instantiate it with an UploadSpoolImplementation.
class UploadSpoolConformance : public testing::TestWithParam<UploadSpoolImplementation> {
 protected:
  void SetUp() override {
    subject_ = GetParam().make();
    ASSERT_NE(subject_.spool, nullptr);
  }
  UploadSpool& spool() { return *subject_.spool; }

  /// How many bytes have come then; the call must succeed.
  std::int64_t add(const std::string& name, std::int64_t offset, std::string_view bytes);
  /// All that has come; the call must succeed.
  std::string all(const std::string& name);

  UploadSpoolSubject subject_;
};

}  // namespace waybill
