#include "adapters/sqs/topology.h"

#include <gtest/gtest.h>

namespace waybill {
namespace {

TEST(SqsName, KeepsWhatSnsAndSqsTakeAndEscapesDots) {
  EXPECT_EQ(sqs_name("waybill-fetch_page"), "waybill-fetch_page");
  EXPECT_EQ(sqs_name("waybill-fetch.page"), "waybill-fetchX2Epage");
}

TEST(SqsName, OfALongNameHasEightyCharactersAtMostAndStaysDifferent) {
  const std::string start(150, 'a');
  const std::string name = sqs_name(start + "b");
  EXPECT_LE(name.size(), 80u);
  EXPECT_NE(name, sqs_name(start + "c"));
  EXPECT_EQ(name, sqs_name(start + "b"));
}

}  // namespace
}  // namespace waybill
