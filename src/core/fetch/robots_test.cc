#include "core/fetch/robots.h"

#include <gtest/gtest.h>

#include <string>

namespace waybill {
namespace {

bool allowed(std::string_view text, std::string_view target) {
  return RobotsRules::parse(text, "waybill").allow(target);
}

TEST(Robots, WithoutRulesAllIsAllowed) {
  EXPECT_TRUE(allowed("", "/a"));
  EXPECT_TRUE(allowed("User-agent: *\nDisallow:\n", "/a"));
  EXPECT_TRUE(allowed("Disallow: /a\n", "/a")) << "a rule of no group";
  EXPECT_TRUE(allowed("<html>\nno such: page</html>", "/a"));
}

TEST(Robots, TheGroupThatNamesTheCrawlerGoesBeforeThatForAll) {
  const std::string text =
      "User-agent: *\nDisallow: /\n\nUser-agent: Waybill/2.0 (archive)\nDisallow: /private\n";
  EXPECT_TRUE(allowed(text, "/public"));
  EXPECT_FALSE(allowed(text, "/private/x"));
  EXPECT_FALSE(RobotsRules::parse(text, "other").allow("/public"));
  EXPECT_FALSE(RobotsRules::parse(text, "waybill-news").allow("/public"))
      << "a token is compared whole";
}

TEST(Robots, GroupsOfSeveralAgentsAndSeveralGroupsOfOneCountTogether) {
  const std::string text =
      "user-agent: other\nUSER-AGENT: waybill\n# they share it\ndisallow: /a\nSitemap: x\n"
      "User-agent: third\nDisallow: /c\nUser-agent: waybill\nDisallow: /b\n";
  EXPECT_FALSE(allowed(text, "/a"));
  EXPECT_FALSE(allowed(text, "/b"));
  EXPECT_TRUE(allowed(text, "/c"));
}

TEST(Robots, AnEmptyGroupOfTheCrawlerAllowsAll) {
  EXPECT_TRUE(allowed("User-agent: waybill\nDisallow:\nUser-agent: *\nDisallow: /\n", "/a"));
}

TEST(Robots, TheLongestMatchCountsAndAllowWinsATie) {
  const std::string text =
      "User-agent: *\nDisallow: /folder\nAllow: /folder/page\nDisallow: /same\nAllow: /same\n";
  EXPECT_TRUE(allowed(text, "/folder/page"));
  EXPECT_FALSE(allowed(text, "/folder/other"));
  EXPECT_TRUE(allowed(text, "/same"));
  EXPECT_FALSE(allowed("User-agent: *\nAllow: /p\nDisallow: /*.php\n", "/page.php"));
}

TEST(Robots, WildcardsAndEnds) {
  const std::string text =
      "User-agent: *\nDisallow: /*.gif$\nDisallow: /a*b*c\nDisallow: *secret\nDisallow: /end$\n";
  EXPECT_FALSE(allowed(text, "/x/y.gif"));
  EXPECT_TRUE(allowed(text, "/x/y.gif?size=1"));
  EXPECT_FALSE(allowed(text, "/a-b-c-d"));
  EXPECT_TRUE(allowed(text, "/a-c-b"));
  EXPECT_FALSE(allowed(text, "/the/secret/place"));
  EXPECT_FALSE(allowed(text, "/end"));
  EXPECT_TRUE(allowed(text, "/end/more"));
  // The last piece is looked for at the end, also where it is met before.
  EXPECT_FALSE(allowed("User-agent: *\nDisallow: /*ab$\n", "/ab-ab"));
}

TEST(Robots, PathsAreComparedAsTheyAreMeant) {
  EXPECT_FALSE(allowed("User-agent: *\nDisallow: /%7Ejoe/\n", "/~joe/x"));
  EXPECT_FALSE(allowed("User-agent: *\nDisallow: /caf\xc3\xa9\n", "/caf%c3%a9"));
  EXPECT_TRUE(allowed("User-agent: *\nDisallow: /a%2Fb\n", "/a/b")) << "an encoded slash is none";
  EXPECT_FALSE(allowed("User-agent: *\nDisallow: /?q=\n", "/?q=1"));
  EXPECT_TRUE(allowed("User-agent: *\nDisallow: /Case\n", "/case"));
}

TEST(Robots, LinesEndInAnyWayAndAMarkMayStandBefore) {
  EXPECT_FALSE(allowed("\xef\xbb\xbfUser-agent:*\rDisallow:/a#why\r", "/a"));
  EXPECT_FALSE(allowed("User-agent : * \r\n\tDisallow :\t/a \r\n", "/a"));
  EXPECT_FALSE(allowed("User-agent: *\nDisallow: a\n", "/a")) << "the slash was forgotten";
}

TEST(Robots, ItsOwnFileMayAlwaysBeAskedFor) {
  EXPECT_TRUE(allowed("User-agent: *\nDisallow: /\n", "/robots.txt"));
  EXPECT_FALSE(allowed("User-agent: *\nDisallow: /\n", ""));
}

TEST(Robots, TheDelayIsOfItsGroupAndBounded) {
  const auto delay = [](std::string_view text) {
    return RobotsRules::parse(text, "waybill").crawl_delay();
  };
  EXPECT_EQ(delay("User-agent: *\nCrawl-delay: 2.5\n"), std::chrono::milliseconds(2500));
  EXPECT_EQ(delay("User-agent: x\nCrawl-delay: 9\nUser-agent: *\nCrawl-delay: 1\n"),
            std::chrono::seconds(1));
  EXPECT_EQ(delay("User-agent: *\nCrawl-delay: 86400\n"), kCrawlDelayMax);
  for (const char* none : {"-1", "soon", "nan", "inf", "1e400", "", "1 s"}) {
    EXPECT_EQ(delay("User-agent: *\nCrawl-delay: " + std::string(none) + "\n"), Duration(0))
        << none;
  }
}

TEST(Robots, WhatIsBeyondTheBoundIsNotRead) {
  std::string text = "User-agent: *\nDisallow: /first\n";
  text.append(kRobotsBytesMax, '\n');
  text += "Disallow: /last\n";
  EXPECT_FALSE(allowed(text, "/first"));
  EXPECT_TRUE(allowed(text, "/last"));
}

}  // namespace
}  // namespace waybill
