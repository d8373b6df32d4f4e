#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "ports/audit_log.h"

namespace waybill {

/// One implementation under test: `make` gives an empty log. `owner` keeps alive what `log` is a
/// part of.
struct AuditLogSubject {
  std::shared_ptr<void> owner;
  AuditLog* log = nullptr;
};
struct AuditLogImplementation {
  std::string name;
  std::function<AuditLogSubject()> make;
};

/// What every AuditLog does: this suite is the definition of the port. Link
/// `waybill_conformance_audit_log` and instantiate it with an AuditLogImplementation.
class AuditLogConformance : public testing::TestWithParam<AuditLogImplementation> {
 protected:
  void SetUp() override {
    subject_ = GetParam().make();
    ASSERT_NE(subject_.log, nullptr);
  }
  AuditLog& log() { return *subject_.log; }

  /// Puts them; the call must succeed.
  void put(const std::vector<AuditEntry>& entries);
  /// A page; the call must succeed.
  AuditPage page(const AuditQuery& query);
  /// The subjects of the entries that pass, newest first.
  std::vector<std::string> subjects(const AuditFilter& filter = {});

  AuditLogSubject subject_;
};

}  // namespace waybill
