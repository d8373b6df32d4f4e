#include "testing/fake_artifact_store.h"
#include "tests/conformance/upload_spool/suite.h"

namespace waybill {

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(UploadSpoolConformance);

std::int64_t UploadSpoolConformance::add(const std::string& name, std::int64_t offset,
                                         std::string_view bytes) {
  const auto received = spool().add(name, offset, bytes);
  EXPECT_TRUE(received) << received.error().message;
  return received ? *received : -1;
}

std::string UploadSpoolConformance::all(const std::string& name) {
  const auto file = spool().open(name);
  EXPECT_TRUE(file) << file.error().message;
  return file ? FakeArtifactStore::bytes_of(*file) : "";
}

TEST_P(UploadSpoolConformance, PiecesAreAddedWhereTheLastOneEnded) {
  EXPECT_EQ(add("a", 0, "one"), 3);
  EXPECT_EQ(add("b", 0, ""), 0);
  EXPECT_EQ(add("a", 3, "two"), 6);
  EXPECT_EQ(all("a"), "onetwo");
  EXPECT_EQ(all("b"), "");
}

TEST_P(UploadSpoolConformance, APieceThatBelongsElsewhereIsPassedOver) {
  EXPECT_EQ(add("a", 5, "x"), 0);
  EXPECT_EQ(add("a", 0, "one"), 3);
  EXPECT_EQ(add("a", 2, "x"), 3);
  EXPECT_EQ(add("a", 4, "x"), 3);
  EXPECT_EQ(all("a"), "one");
}

TEST_P(UploadSpoolConformance, AtItsBeginningItBeginsAnew) {
  EXPECT_EQ(add("a", 0, "first"), 5);
  EXPECT_EQ(add("a", 0, "two"), 3);
  EXPECT_EQ(all("a"), "two");
}

TEST_P(UploadSpoolConformance, WhatIsRemovedIsGone) {
  add("a", 0, "one");
  ASSERT_TRUE(spool().remove("a"));
  ASSERT_TRUE(spool().remove("a"));
  EXPECT_EQ(spool().open("a").error().code, Code::not_found);
  EXPECT_EQ(add("a", 3, "x"), 0);
}

TEST_P(UploadSpoolConformance, NamesThatCouldLeadElsewhereAreRefused) {
  for (const char* name : {"", "..", "../a", "a/b", ".a", "A", "a b"}) {
    EXPECT_EQ(spool().add(name, 0, "x").error().code, Code::invalid_argument) << name;
    EXPECT_EQ(spool().open(name).error().code, Code::invalid_argument) << name;
    EXPECT_EQ(spool().remove(name).error().code, Code::invalid_argument) << name;
  }
}

}  // namespace waybill
