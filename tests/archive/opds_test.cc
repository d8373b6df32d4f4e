#include "kinds/archive/kiwix/opds.h"

#include "kinds/archive/kiwix/kiwix.h"
#include "tests/archive/collect_fixture.h"

namespace waybill {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;

const std::string kFeed =
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<feed xmlns=\"http://www.w3.org/2005/Atom\""
    " xmlns:opds=\"https://specs.opds.io/opds-1.2\">\n<id>x</id><title>All</title>";

/// As libkiwix writes it (static/templates/catalog_v2_entries.xml).
std::string entry(const std::string& id, const std::string& href) {
  return "<entry><id>urn:uuid:" + id + "</id><title>Of &lt;" + id +
         "&gt;</title><updated>2026-01-02T00:00:00Z</updated><language>eng</language>"
         "<name>wikipedia_en_all</name><flavour>maxi</flavour><category>wikipedia</category>"
         "<link type=\"text/html\" href=\"/x\"/><author><name>W</name></author>"
         "<link rel=\"http://opds-spec.org/acquisition/open-access\" type=\"application/x-zim\" "
         "href=\"" +
         href + "\" length=\"1234\"/></entry>";
}

TEST(OpdsTest, EntriesAreReadAsKiwixWritesThem) {
  const auto page = read_opds(
      kFeed + "<totalResults>7</totalResults><startIndex>0</startIndex>" +
      entry("1",
            "https://download.kiwix.org/zim/wikipedia/wikipedia_en_all_maxi_2026-01.zim.meta4") +
      entry("2", "https://x.example/no-date.zim") + "<entry><id>3</id></entry></feed>");
  ASSERT_TRUE(page) << page.error().message;
  EXPECT_EQ(page->total, 7);
  EXPECT_THAT(page->ids, SizeIs(3));
  ASSERT_THAT(page->entries, SizeIs(1));
  const OpdsEntry& first = page->entries[0];
  EXPECT_EQ(first.url,
            "https://download.kiwix.org/zim/wikipedia/wikipedia_en_all_maxi_2026-01.zim");
  EXPECT_EQ(first.zim.stem, "wikipedia_en_all_maxi");
  EXPECT_EQ(first.title, "Of <1>");
  EXPECT_EQ(first.size_bytes, 1234);
}

TEST(OpdsTest, WhatIsNoCatalogueOrMeansNoGoodIsRefused) {
  for (const char* text : {"", "no xml", "<feed>", "<html></html>", "<feed><entry></feed>",
                           "<!DOCTYPE feed [<!ENTITY a \"b\">]><feed>&a;</feed>",
                           "<!DOCTYPE feed SYSTEM \"file:///etc/passwd\"><feed/>"}) {
    const auto page = read_opds(text);
    ASSERT_FALSE(page) << text;
    EXPECT_EQ(page.error().code, Code::failed_precondition) << text;
  }
  // Entities that are not declared stay as they are; bad bytes end nothing.
  EXPECT_TRUE(read_opds("<feed><entry><title>&a;&#xffffff;\xff</title></entry></feed>"));
  std::string deep = "<feed>";
  for (int i = 0; i < 200'000; ++i) deep += "<a>";
  EXPECT_FALSE(read_opds(deep));
  for (int i = 0; i < 200'000; ++i) deep += "</a>";
  EXPECT_THAT(read_opds(deep + "</feed>").error().message, HasSubstr("nested deeper"));
  std::string many = "<feed>";
  for (int i = 0; i < 1'000'000; ++i) many += "<a/>";
  EXPECT_THAT(read_opds(many + "</feed>").error().message, HasSubstr("more tags"));
  // In UTF-16 too.
  std::string wide = "\xff\xfe";
  for (const char c : std::string("<feed><totalResults>3</totalResults></feed>")) {
    wide += c;
    wide += '\0';
  }
  EXPECT_EQ(read_opds(wide)->total, 3);
}

class CatalogueTest : public CollectTest {
 protected:
  Outcome run(const std::string& more = "", const Task* as = nullptr) {
    KiwixUpdateSourcesKind kind(&desk_);
    Task task = now_task(R"({"catalog":")" + web_.url() + "/catalog/v2/entries\"" + more + "}");
    if (as != nullptr) task.request.id = as->request.id;
    EXPECT_TRUE(kind.check(task.request));
    return kind.run(task, context_);
  }
  /// Pages of two.
  void serve(int count, bool says_total, int repeats_from = 1'000) {
    answer_ = [this, count, says_total, repeats_from](const ReceivedRequest& request) {
      if (request.target.ends_with(".sha256")) {
        const auto name = request.target.substr(request.target.rfind('/') + 1);
        return ScriptedAnswer{.body = std::string(64, 'a') + "  " +
                                      name.substr(0, name.size() - 7) + "\n"};
      }
      const int start = std::stoi(request.target.substr(request.target.find("start=") + 6));
      std::string xml = kFeed;
      if (says_total) xml += "<totalResults>" + std::to_string(count) + "</totalResults>";
      for (int i = start; i < std::min(count, start + 2); ++i) {
        const int which = i % repeats_from;
        xml += entry(std::to_string(which),
                     web_.url() + "/zim/p" + std::to_string(which) + "_en_all_2026-01.zim.meta4");
      }
      return ScriptedAnswer{.body = xml + "</feed>"};
    };
  }
};

TEST_F(CatalogueTest, AllPagesAreReadWhetherTheirNumberIsSaidOrNot) {
  for (const bool says_total : {true, false}) {
    serve(7, says_total);
    const std::string said = result(run());
    EXPECT_THAT(said, AllOf(HasSubstr(R"("listed":7)"), HasSubstr("/zim/p6_en_all_2026-01.zim\""),
                            HasSubstr(std::string(64, 'a')), HasSubstr(R"("size_bytes":1234)")));
  }
  EXPECT_THAT(result(run(R"(,"projects":["p3"])")),
              AllOf(HasSubstr(R"("listed":1)"), HasSubstr("p3_en_all")));
}

TEST_F(CatalogueTest, OneThatGoesRoundInCirclesIsRefused) {
  serve(100, true, 4);
  EXPECT_THAT(failure(run(), FailureClass::permanent),
              AllOf(HasSubstr("Error fetching zims"), HasSubstr("lists no more than 4")));
  serve(100, false, 4);
  EXPECT_THAT(result(run()), HasSubstr(R"("listed":4)"));
}

TEST_F(CatalogueTest, HostileOnesAreRefused) {
  answer_ = [](const ReceivedRequest&) {
    return ScriptedAnswer{.body = "<!DOCTYPE a [<!ENTITY b \"c\">]><feed/>"};
  };
  EXPECT_THAT(failure(run(), FailureClass::permanent), HasSubstr("document type"));
  answer_ = [](const ReceivedRequest&) {
    return ScriptedAnswer{.body = std::string((std::size_t{16} << 20) + 1, ' ')};
  };
  EXPECT_THAT(failure(run(), FailureClass::permanent), HasSubstr("16MiB"));
  answer_ = [this](const ReceivedRequest&) {
    return ScriptedAnswer{.status = 302, .headers = {{"Location", web_.url() + "/again"}}};
  };
  EXPECT_THAT(failure(run(), FailureClass::permanent), HasSubstr("redirects without end"));
  serve(3, true);
  allow_loopback(false);
  failure(run(), FailureClass::permanent);
}

TEST_F(CatalogueTest, ANewDumpIsToldOnceAlsoByATaskThatIsCutOff) {
  serve(3, true);
  const std::string remember = R"(,"remember":true)";
  EXPECT_THAT(result(run(remember)), HasSubstr("p2_en_all"));
  // The same task once more: its result may have been lost.
  EXPECT_THAT(result(run(remember)), HasSubstr("p2_en_all"));
  Task other;
  other.request = a_task(2);
  EXPECT_THAT(result(run(remember, &other)), AllOf(HasSubstr(R"("listed":3,"new":[])")));
  serve(4, true);
  EXPECT_THAT(result(run(remember, &other)),
              AllOf(HasSubstr("p3_en_all"), Not(HasSubstr("p2_en_all"))));
  desk_.collections = nullptr;
  EXPECT_THAT(failure(run(remember), FailureClass::transient), HasSubstr("keeps no collections"));
}

}  // namespace
}  // namespace waybill
