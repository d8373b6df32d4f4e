#include "kinds/archive/kiwix/listing.h"

#include <gmock/gmock.h>

namespace waybill {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string> files_of(const std::vector<ZimName>& zims) {
  std::vector<std::string> files;
  for (const ZimName& zim : zims) files.push_back(zim.file);
  return files;
}

TEST(KiwixListing, LinksToZimFilesAreFound) {
  const auto zims = zims_in_listing(R"(<html><a href="../">Parent</a>
    <a href="wikipedia_en_all_maxi_2024-01.zim">x</a>
    <A HREF='/zim/wikipedia/wikipedia_en_all_maxi_2023-10.zim?x'>y</A>
    <a href="wikipedia_en_all_maxi_2024-01.zim">again</a>
    <a href="wikipedia%5Ffr_all_2022-05.zim">z</a>
    <a href="wikipedia_en_all_maxi_2024-01.zim.sha256">no</a>
    <a href="..%2F..%2Fetc%2Fx_2024-01.zim">no</a>
    <a href=unquoted_2024-01.zim>no</a> <a href="x_2024-13.zim"> <a href="_2024-01.zim">
    <a href="open)");
  EXPECT_THAT(files_of(zims),
              ElementsAre("wikipedia_en_all_maxi_2023-10.zim", "wikipedia_en_all_maxi_2024-01.zim",
                          "wikipedia_fr_all_2022-05.zim"));
  EXPECT_THAT(files_of(newest_of(zims)),
              ElementsAre("wikipedia_en_all_maxi_2024-01.zim", "wikipedia_fr_all_2022-05.zim"));
}

TEST(KiwixListing, OfNothingThereIsNothing) {
  EXPECT_THAT(zims_in_listing(""), IsEmpty());
  EXPECT_THAT(zims_in_listing("href="), IsEmpty());
  EXPECT_THAT(zims_in_listing("href=\"\"href=''"), IsEmpty());
  EXPECT_THAT(newest_of({}), IsEmpty());
}

}  // namespace
}  // namespace waybill
