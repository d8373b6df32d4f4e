#include "testing/fake_ledger.h"

#include "tests/conformance/ledger/suite.h"

namespace waybill {
namespace {

class FakeSubject final : public LedgerSubject {
 public:
  explicit FakeSubject(Clock& clock) : fake_(clock) {}
  Ledger& ledger() override { return fake_; }
  LedgerReader& reader() override { return fake_; }
  Registry& registry() override { return fake_; }

 private:
  FakeLedger fake_;
};

INSTANTIATE_TEST_SUITE_P(Fake, LedgerConformance,
                         testing::Values(LedgerImplementation{
                             "fake",
                             [](Clock& clock) { return std::make_unique<FakeSubject>(clock); }}),
                         [](const auto& implementation) { return implementation.param.name; });

}  // namespace
}  // namespace waybill
