#include "base/uuid.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <set>
#include <unordered_set>

#include "base/rng.h"

namespace waybill {
namespace {

Uuid id(std::string_view text) { return parse_uuid(text).value(); }

const Uuid kDns = id("6ba7b810-9dad-11d1-80b4-00c04fd430c8");

TEST(Uuid, VersionFiveAgreesWithTheStandard) {
  // RFC 9562, A.4.
  EXPECT_EQ(to_string(uuid_v5(kDns, "www.example.com")), "2ed6657d-e927-568b-95e1-2665a8aea6a2");
}

TEST(Uuid, TheNamespaceOfTasksNeverChanges) {
  EXPECT_EQ(kTaskNamespace, uuid_v5(kDns, "waybill.tasks"));
}

TEST(Uuid, IsReadInEitherCase) {
  EXPECT_EQ(to_string(id("2ED6657D-E927-568B-95E1-2665A8AEA6A2")),
            "2ed6657d-e927-568b-95e1-2665a8aea6a2");
}

TEST(Uuid, RefusesOtherForms) {
  for (const char* text :
       {"", "2ed6657d", "2ed6657de927568b95e12665a8aea6a2", "2ed6657d-e927-568b-95e1-2665a8aea6a",
        "2ed6657d-e927-568b-95e1-2665a8aea6a22", "2ed6657d-e927-568b-95e1-2665a8aea6ag",
        "2ed6657de-927-568b-95e1-2665a8aea6a2", "{2ed6657d-e927-568b-95e1-2665a8aea6a}"}) {
    const auto read = parse_uuid(text);
    ASSERT_FALSE(read) << text;
    EXPECT_EQ(read.error().code, Code::invalid_argument);
  }
}

RC_GTEST_PROP(Uuid, TextIsReadBackAndOrderedLikeTheBytes, (std::uint64_t seed)) {
  Rng rng(seed);
  Uuid a;
  Uuid b;
  for (auto& byte : a.bytes) byte = static_cast<std::uint8_t>(rng.next());
  b = a;
  b.bytes[rng.below(16)] = static_cast<std::uint8_t>(rng.next());
  RC_ASSERT(id(to_string(a)) == a);
  RC_ASSERT((a < b) == (to_string(a) < to_string(b)));
  RC_ASSERT(a != b || std::hash<Uuid>()(a) == std::hash<Uuid>()(b));
}

TEST(UuidMaker, PutsTimeVersionAndVariantWhereTheStandardSays) {
  // The moment of RFC 9562, A.6.
  Rng rng(1);
  UuidMaker maker(rng);
  const Uuid made = maker.next(from_micros(1'645'557'742'000'000));
  EXPECT_EQ(to_string(made).substr(0, 15), "017f22e2-79b0-7");
  EXPECT_EQ(made.bytes[8] & 0xc0, 0x80);
}

RC_GTEST_PROP(UuidMaker, IncreasesThoughTheClockStandsStillOrStepsBack, (std::uint64_t seed)) {
  Rng rng(seed);
  UuidMaker maker(rng);
  std::int64_t micros = 1'800'000'000'000'000;
  Uuid last;
  for (int i = 0; i < 10'000; ++i) {  // more than the 4,096 ids that fit into a millisecond
    if (rng.chance(0.001)) micros += static_cast<std::int64_t>(rng.below(10'000'000)) - 5'000'000;
    const Uuid made = maker.next(from_micros(micros));
    RC_ASSERT(last < made);
    RC_ASSERT((made.bytes[6] & 0xf0) == 0x70);
    last = made;
  }
}

TEST(UuidMaker, TwoMakersDoNotMeet) {
  Rng one(1);
  Rng two(2);
  UuidMaker a(one);
  UuidMaker b(two);
  std::unordered_set<Uuid> seen;
  for (int i = 0; i < 1000; ++i) {
    EXPECT_TRUE(seen.insert(a.next(from_micros(1))).second);
    EXPECT_TRUE(seen.insert(b.next(from_micros(1))).second);
  }
}

}  // namespace
}  // namespace waybill
