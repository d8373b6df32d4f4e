#include <gmock/gmock.h>

#include <boost/json.hpp>

#include "tests/e2e/program.h"

namespace waybill::e2e {
namespace {

using ::testing::HasSubstr;

TEST(CollectionTest, ItIsMadeChangedAddedToAndTakenFrom) {
  const Place place;
  const auto made =
      place.json("collection create", {"collection", "create", "--title", "Tides", "--item",
                                       "https://a.example", "--item", "https://b.example"});
  EXPECT_EQ(made.at("added"), 2);
  const std::string id(made.at("id").as_string());
  EXPECT_EQ(
      place
          .json("collection change", {"collection", "change", id, "--title", "Tables", "--dry-run"})
          .at("title"),
      "Tables");
  EXPECT_EQ(place.json("collection show", {"collection", "show", id}).at("title"), "Tides")
      << "a dry run changes nothing";
  const auto changed = place.json(
      "collection change", {"collection", "change", id, "--title", "", "--description", "All"});
  EXPECT_EQ(changed.at("title"), "");
  EXPECT_EQ(changed.at("description"), "All");
  EXPECT_EQ(place.json("collection add", {"collection", "add", id, "--item", "https://c.example"})
                .at("added"),
            1);
  const std::vector<std::string> take_out = {
      "collection", "remove", id, "--item", "https://a.example", "--item", "https://never.example"};
  std::vector<std::string> dry = take_out;
  dry.emplace_back("--dry-run");
  EXPECT_EQ(place.json("collection remove", dry).at("removed_items"), 1);
  EXPECT_EQ(place.json("collection remove", take_out).at("removed_items"), 1);
  EXPECT_EQ(place.json("collection remove", take_out).at("removed_items"), 0);
  EXPECT_EQ(place.json("collection show", {"collection", "show", id}).at("items").as_array().size(),
            2u);
  const Ran nothing = place.run({"collection", "change", id});
  EXPECT_EQ(nothing.status, 2);
  EXPECT_THAT(nothing.err, HasSubstr("--title, --description or --creator"));
  EXPECT_EQ(place.json("collection remove", {"collection", "remove", id}).at("removed"),
            boost::json::value(boost::json::string(id)));
  EXPECT_THAT(place.run({"collection", "change", id, "--title", "x"}).err,
              HasSubstr("waybill collection list"));
}

}  // namespace
}  // namespace waybill::e2e
