#include "core/prio/object_name.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace waybill::prio {
namespace {

Time at(std::string_view text) { return *parse_time(text); }

TEST(ObjectName, IsTakenApart) {
  const auto name = parse_object_name("kittens-seen/2020/10/31/11/30/b1.batch.avro");
  ASSERT_TRUE(name);
  EXPECT_EQ(*name, (ObjectName{.aggregation_id = "kittens-seen",
                               .time = at("2020-10-31T11:30:00Z"),
                               .file = "b1.batch.avro"}));
}

TEST(ObjectName, MayHaveEmptyIds) {
  const auto name = parse_object_name("/2020/10/31/11/30/");
  ASSERT_TRUE(name);
  EXPECT_EQ(name->aggregation_id, "");
  EXPECT_EQ(name->file, "");
}

TEST(ObjectName, ThatIsMalformedIsRefusedWithTheComponentAtFault) {
  const std::pair<std::string_view, std::string_view> wrong[] = {
      {"k/2020/10/31/11/5/b", "the minute '5' is not two digits"},
      {"k/2020/10/31/11/+7/b", "the minute '+7' is not two digits"},
      {"k/2020/10/31/11/008/b", "the minute '008' is not two digits"},
      {"k/2020/10/31/11/xx/b", "the minute 'xx' is not two digits"},
      {"k/2020/10/31/1/30/b", "the hour '1' is not two digits"},
      {"k/2020/10/3/11/30/b", "the day '3' is not two digits"},
      {"k/2020/1/31/11/30/b", "the month '1' is not two digits"},
      {"k/20/10/31/11/30/b", "the year '20' is not four digits"},
      {"k/2020/10/31/11/60/b", "there is no such date and time"},
      {"k/2020/10/31/24/00/b", "there is no such date and time"},
      {"k/2020/13/31/11/30/b", "there is no such date and time"},
      {"k/2021/02/29/11/30/b", "there is no such date and time"},
      {"k/2020/10/31/11/30", "it has fewer components than AGGREGATION/YYYY/MM/DD/HH/mm/FILE"},
      {"k/2020/10/31/11/30/b/c", "it has more components than AGGREGATION/YYYY/MM/DD/HH/mm/FILE"},
      {"", "it has fewer components than AGGREGATION/YYYY/MM/DD/HH/mm/FILE"},
      {"k/2020/10/31/11/30/\xff", "it is not UTF-8"}};
  for (const auto& [key, message] : wrong) {
    const auto name = parse_object_name(key);
    ASSERT_FALSE(name) << key;
    EXPECT_EQ(name.error().message, message) << key;
  }
}

TEST(Minute, IsWrittenWithinFourDigitYears) {
  EXPECT_EQ(format_minute(at("2020-10-31T11:30:59Z"), '-'), "2020-10-31-11-30");
  EXPECT_EQ(format_minute(kTimeMax, '/'), "9999/12/31/23/59");
  EXPECT_EQ(format_minute(Time::min(), '/'), "0000/01/01/00/00");
}

RC_GTEST_PROP(Minute, IsReadAsItWasWritten, ()) {
  const auto minutes = *rc::gen::inRange<std::int64_t>(-60'000'000, 4'000'000'000);
  const Time time = Time(std::chrono::minutes(minutes));
  RC_ASSERT(parse_minute(format_minute(time, '/'), '/') == time);
  RC_ASSERT(!parse_minute(format_minute(time, '/'), '-'));
}

TEST(FileSuffixes, TellThePartByTheEnding) {
  const FileSuffixes files("batch");
  const std::tuple<std::string_view, std::string_view, Part> cases[] = {
      {"x.batch", "x", Part::header},
      {"x.batch.avro", "x", Part::packets},
      {"x.batch.sig", "x", Part::signature},
      {"", "", Part::none},
      {".batch", "", Part::header},
      {"x", "x", Part::none},
      {"x.BATCH", "x.BATCH", Part::none},
      {"x.batch.sig.tmp", "x.batch.sig.tmp", Part::none},
      {"x.validity_0.sig", "x.validity_0.sig", Part::none}};
  for (const auto& [file, id, part] : cases) {
    EXPECT_EQ(files.split(file).batch_id, id) << file;
    EXPECT_EQ(files.split(file).part, part) << file;
  }
}

TEST(FileSuffixes, StripEachSuffixOnceInTheOriginalsOrder) {
  const FileSuffixes files("batch");
  EXPECT_EQ(files.split("x.batch.avro.batch").batch_id, "x");
  EXPECT_EQ(files.split("x.batch.avro.batch").part, Part::header);
  EXPECT_EQ(files.split("x.batch.sig.batch.avro").batch_id, "x");
  EXPECT_EQ(files.split("x.batch.sig.batch.avro").part, Part::packets);
  EXPECT_EQ(files.split("x.batch.avro.batch.sig").batch_id, "x.batch.avro");
  EXPECT_EQ(files.split("x.batch.batch").batch_id, "x.batch");
}

TEST(Marker, IsNamedAsTheOriginalNamesIt) {
  EXPECT_EQ(intake_marker({.aggregation_id = "kittens-seen",
                           .time = at("2020-10-31T11:30:00Z"),
                           .batch_id = "b8a5579a-f984-460a-a42d-2813cbf57771"}),
            "intake-kittens-seen-2020-10-31-11-30-b8a5579a-f984-460a-a42d-2813cbf57771");
  EXPECT_EQ(
      aggregate_marker("kittens-seen", at("2020-10-31T06:00:00Z"), at("2020-10-31T09:00:00Z")),
      "aggregate-kittens-seen-2020-10-31-06-00-2020-10-31-09-00");
}

TEST(Marker, IsAmbiguousOnlyWhereAnIdHoldsADate) {
  const auto ambiguous = [](std::string_view aggregation, std::string_view batch) {
    return has_ambiguous_marker(
        {.aggregation_id = aggregation, .time = at("2020-10-31T11:30:00Z"), .batch_id = batch});
  };
  EXPECT_TRUE(ambiguous("x", "2020-10-31-11-40-b"));
  EXPECT_TRUE(ambiguous("x-2020-10-31-11-30", "b"));
  EXPECT_TRUE(ambiguous("x", "y-2020-10-31-11-40-b"));
  EXPECT_FALSE(ambiguous("x", "b8a5579a-f984-460a-a42d-2813cbf57771"));
  EXPECT_FALSE(ambiguous("x", "2020-10-31-11-40")) << "no dash after it: it cannot be the time";
  EXPECT_FALSE(ambiguous("x", "2020-13-31-11-40-b")) << "no date of the calendar";
  EXPECT_FALSE(ambiguous("x", "12020-10-31-11-40-b")) << "no dash before it";
}

/// Short pieces that make markers collide easily.
rc::Gen<std::string> colliding_id() {
  return rc::gen::map(rc::gen::container<std::vector<std::string>>(rc::gen::element<std::string>(
                          "x", "-", "2020-10-31-11-30", "-2020-10-31-11-40-")),
                      [](const std::vector<std::string>& pieces) {
                        std::string id;
                        for (std::size_t i = 0; i < pieces.size() && i < 4; ++i) id += pieces[i];
                        return id;
                      });
}

RC_GTEST_PROP(Marker, EqualMarkersOfDifferentBatchesAreAmbiguous, ()) {
  const std::string aggregations[] = {*colliding_id(), *colliding_id()};
  const std::string ids[] = {*colliding_id(), *colliding_id()};
  const Time times[] = {at("2020-10-31T11:30:00Z"), at("2020-10-31T11:40:00Z")};
  for (const Time first : times) {
    for (const Time second : times) {
      const BatchName a{.aggregation_id = aggregations[0], .time = first, .batch_id = ids[0]};
      const BatchName b{.aggregation_id = aggregations[1], .time = second, .batch_id = ids[1]};
      const bool same = aggregations[0] == aggregations[1] && first == second && ids[0] == ids[1];
      if (same || intake_marker(a) != intake_marker(b)) continue;
      RC_ASSERT(has_ambiguous_marker(a));
      RC_ASSERT(has_ambiguous_marker(b));
    }
  }
}

}  // namespace
}  // namespace waybill::prio
