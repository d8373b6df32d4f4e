#include "kinds/archive/collect/pod.h"
#include "tests/archive/collect_fixture.h"

namespace waybill {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::SizeIs;

TEST_F(CollectTest, ACollectionGoesToTheNodeWithAnIndex) {
  const Task task = collection_task({web_.url() + "/b", web_.url() + "/a"});
  const bj::object said = done(kind_.run(task, context_));
  EXPECT_EQ(said.at("archived"), 2);
  EXPECT_EQ(said.at("failed"), 0);
  const auto kept = items();
  ASSERT_THAT(kept, SizeIs(2));
  EXPECT_EQ(content(kept[0].fetch.cid), "content of /b");
  EXPECT_THAT(content(kept[0].fetch.header_cid), HasSubstr("Content-Type: text/plain\r\n"));
  const Collection collection = store_.page({})->front();
  EXPECT_EQ(said.at("index_cid"), bj::value(bj::string(collection.index_cid)));
  EXPECT_THAT(content(collection.index_cid),
              AllOf(HasSubstr("!OpenWayback-CDXJ 1.0\n(1,0,0,127,)/a "),
                    HasSubstr(" response {\"locator\":\"urn:ipfs/" + kept[1].fetch.header_cid +
                              "/" + kept[1].fetch.cid + "\"}\n")));
  EXPECT_THAT(context_.progress_reports.front(), HasSubstr("loading collection"));
  EXPECT_THAT(context_.progress_reports, Contains(HasSubstr("archiving url 2/2")));
  EXPECT_THAT(context_.progress_reports, Contains(HasSubstr("writing index to IPFS")));
  EXPECT_THAT(context_.progress_reports.back(),
              AllOf(HasSubstr("saving collection results"), HasSubstr(R"("done":true)")));
}

TEST_F(CollectTest, ASecondRunTakesWhatIsFreshAndOverwritesNothing) {
  const Task task = collection_task({web_.url() + "/a"});
  done(kind_.run(task, context_));
  const auto before = items();
  Task again = task;
  again.created_at = clock_.now() + std::chrono::seconds(1);
  const bj::object said = done(kind_.run(again, context_));
  EXPECT_EQ(said.at("known"), 1);
  EXPECT_EQ(items(), before) << "the good content is not overwritten by an empty one";
  EXPECT_EQ(asked("/a"), 1u);
  EXPECT_THAT(*store_.snapshots({.url = web_.url() + "/a"}), SizeIs(1));
  again.request.params.replace(again.request.params.size() - 1, 1, R"(,"fresh":"0s"})");
  EXPECT_EQ(done(kind_.run(again, context_)).at("archived"), 1);
  EXPECT_EQ(asked("/a"), 2u);
}

TEST_F(CollectTest, OneBrokenUrlIsNoFailureOfTheOthers) {
  answer_ = [](const ReceivedRequest& request) {
    if (request.target == "/gone") return ScriptedAnswer{.status = 404};
    if (request.target == "/empty") return ScriptedAnswer{};
    return ScriptedAnswer{.body = "x" + request.target};
  };
  const Task task = collection_task({web_.url() + "/gone", "ftp://x.example/f", "x.example",
                                     web_.url() + "/empty", web_.url() + "/a"});
  const bj::object said = done(kind_.run(task, context_));
  EXPECT_EQ(said.at("archived"), 1);
  EXPECT_EQ(said.at("failed"), 4);
  EXPECT_THAT(json::serialize(said.at("failures")),
              AllOf(HasSubstr("answers 404"), HasSubstr("is no http:// or https:// URL"),
                    HasSubstr("returned empty response")));
  const auto kept = items();
  EXPECT_EQ(kept[0].fetch.failure, FetchFailure::permanent);
  EXPECT_EQ(kept[4].fetch.failure, FetchFailure::none);
  EXPECT_NE(store_.page({})->front().index_cid, "");
}

TEST_F(CollectTest, WhatMayPassFailsTheAttemptAndOnlyThatIsFetchedByTheNext) {
  std::atomic<bool> up = false;
  answer_ = [&](const ReceivedRequest& request) {
    if (request.target == "/down" && !up) return ScriptedAnswer{.status = 503};
    if (request.target == "/gone") return ScriptedAnswer{.status = 404};
    return ScriptedAnswer{.body = "x" + request.target};
  };
  const Task task =
      collection_task({web_.url() + "/a", web_.url() + "/down", web_.url() + "/gone"});
  EXPECT_THAT(failure(kind_.run(task, context_), FailureClass::transient),
              HasSubstr("1 of the collection's URLs could not be had yet"));
  up = true;
  const bj::object said = done(kind_.run(task, context_));
  EXPECT_EQ(said.at("known"), 1);
  EXPECT_EQ(said.at("archived"), 1);
  EXPECT_EQ(said.at("failed"), 1);
  EXPECT_EQ(asked("/a"), 1u);
  EXPECT_EQ(asked("/gone"), 1u) << "what failed for good is not tried again by the same task";
}

TEST_F(CollectTest, OfTenThousandEveryHundredthIsBroken) {
  answer_ = [](const ReceivedRequest& request) {
    if (request.target.ends_with("00")) return ScriptedAnswer{.status = 410};
    return ScriptedAnswer{.body = "x" + request.target};
  };
  std::vector<std::string> urls;
  for (int i = 1; i <= 10'000; ++i) urls.push_back(web_.url() + "/" + std::to_string(i));
  Task task = collection_task(urls);
  task.request.params.replace(task.request.params.size() - 1, 1, R"(,"parallelism":8})");
  const bj::object said = done(kind_.run(task, context_));
  EXPECT_EQ(said.at("archived"), 9'900);
  EXPECT_EQ(said.at("failed"), 100);
  EXPECT_THAT(web_.requests(), SizeIs(10'000)) << "each once";
}

TEST_F(CollectTest, ANodeThatIsAwayEndsTheAttempt) {
  const Task task = collection_task({web_.url() + "/a", web_.url() + "/b"});
  desk_.ipfs_api = "http://127.0.0.1:1";
  EXPECT_THAT(failure(kind_.run(task, context_), FailureClass::transient), HasSubstr("to ipfs"));
  EXPECT_EQ(items()[0].fetch, UrlFetch{}) << "it is not the URL's fault";
}

TEST_F(CollectTest, WhatCannotRunIsSaid) {
  EXPECT_THAT(
      failure(kind_.run(task_of(R"({"collectionId":")" + to_string(task_id(9)) + "\"}"), context_),
              FailureClass::permanent),
      AllOf(HasSubstr("Error reading collection"), HasSubstr(to_string(task_id(9)))));
  EXPECT_THAT(
      failure(kind_.run(task_of(R"({"parallelism":1})"), context_), FailureClass::permanent),
      HasSubstr("collectionId is required"));
  desk_.ipfs_api = "";
  EXPECT_THAT(failure(kind_.run(collection_task({}), context_), FailureClass::permanent),
              HasSubstr("no ipfs server url provided"));
}

TEST_F(CollectTest, AnEmptyCollectionHasAnEmptyIndex) {
  EXPECT_EQ(done(kind_.run(collection_task({}), context_)).at("archived"), 0);
  EXPECT_EQ(content(store_.page({})->front().index_cid), "!OpenWayback-CDXJ 1.0\n");
}

TEST_F(CollectTest, AStopEndsItSoon) {
  answer_ = [](const ReceivedRequest&) { return ScriptedAnswer{.hold = true}; };
  const Task task = collection_task({web_.url() + "/a", web_.url() + "/b", web_.url() + "/c"});
  std::jthread stopping([this] {
    web_.await_requests(2);
    context_.request_stop();
  });
  EXPECT_TRUE(std::holds_alternative<outcome::Stopped>(kind_.run(task, context_)));
}

TEST_F(CollectTest, WhatServersDoThatMeanNoGoodFailsTheirUrlsAlone) {
  answer_ = [this](const ReceivedRequest& request) {
    if (request.target == "/round") {
      return ScriptedAnswer{.status = 302, .headers = {{"Location", "/round"}}};
    }
    if (request.target == "/inside") {
      return ScriptedAnswer{.status = 302, .headers = {{"Location", "http://[::1]:1/secret"}}};
    }
    if (request.target == "/much") return ScriptedAnswer{.body = std::string(3 << 20, 'x')};
    if (request.target == "/words") {
      return ScriptedAnswer{.headers = {{"Content-Type", "text/\xff\xfe"}, {"ETag", "\x01"}},
                            .body = "\xff\xfe wrong in every encoding"};
    }
    // What unpacks to much is kept as it was sent.
    if (request.target == "/bomb") {
      return ScriptedAnswer{.headers = {{"Content-Encoding", "gzip"}}, .body = "\x1f\x8b bomb"};
    }
    return ScriptedAnswer{.body = "fine"};
  };
  // All of loopback may be reached but by IPv6.
  CurlHttpClientParams params;
  params.may_connect = [](std::string_view, const IpAddress& address) {
    return to_string(address) == "127.0.0.1";
  };
  desk_.web = CurlHttpStreams::create(clock_, std::move(params)).value();
  Task task = collection_task({web_.url() + "/round", web_.url() + "/inside", web_.url() + "/much",
                               web_.url() + "/words", web_.url() + "/bomb", web_.url() + "/fine"});
  task.request.spec = R"({"limits":{"artifacts":"1MiB"}})";
  const bj::object said = done(kind_.run(task, context_));
  EXPECT_EQ(said.at("archived"), 3) << json::serialize(said);
  EXPECT_EQ(said.at("failed"), 3);
  EXPECT_THAT(json::serialize(said.at("failures")),
              AllOf(HasSubstr("redirects"), HasSubstr("not allowed"), HasSubstr("limit")));
  EXPECT_EQ(content(items()[4].fetch.cid), "\x1f\x8b bomb");
}

TEST_F(CollectTest, OneThatSendsWithoutEndOrHardlyAnythingIsGivenUp) {
  desk_.downloads.slow_max = std::chrono::seconds(1);
  TalkingServer endless([](const TalkingServer::Say& say) {
    if (!say("HTTP/1.1 200 OK\r\n\r\n")) return;
    while (say(std::string(65536, 'x'))) {
    }
  });
  answer_ = [](const ReceivedRequest& request) {
    if (request.target == "/slow") return ScriptedAnswer{.hold = true};
    return ScriptedAnswer{.body = "fine"};
  };
  Task task = collection_task({endless.url() + "/", web_.url() + "/slow", web_.url() + "/fine"});
  task.request.spec = R"({"limits":{"artifacts":"1MiB"}})";
  EXPECT_THAT(failure(kind_.run(task, context_), FailureClass::transient),
              HasSubstr("1 of the collection's URLs could not be had yet"));
  const auto kept = items();
  EXPECT_EQ(kept[0].fetch.failure, FetchFailure::permanent) << kept[0].fetch.error;
  EXPECT_EQ(kept[1].fetch.failure, FetchFailure::transient) << kept[1].fetch.error;
  EXPECT_EQ(kept[2].fetch.failure, FetchFailure::none);
}

class PodTest : public CollectTest {
 protected:
  Outcome run_with(const std::string& catalog, const std::string& more = "") {
    answer_ = [catalog](const ReceivedRequest& request) {
      if (request.target == "/data.json") return ScriptedAnswer{.body = catalog};
      return ScriptedAnswer{.body = "x" + request.target};
    };
    return pod_.run(
        now_task(R"({"url":")" + web_.url() + R"(/data.json","crawDelay":0)" + more + "}"),
        context_);
  }
  std::string dataset(const std::string& title, const std::string& path) {
    return R"({"title":")" + title + R"(","distribution":[{"downloadURL":")" + web_.url() + path +
           "\"}]}";
  }
  PodCatalogKind pod_{"pod.addcatalog", &desk_};
};

TEST_F(PodTest, EveryDistributionIsReached) {
  std::string all;
  for (int i = 0; i < 7; ++i) {
    all += (i == 0 ? "" : ",") + dataset(std::to_string(i), "/" + std::to_string(i));
  }
  const bj::object said =
      done(run_with(R"({"dataset":[)" + all + "]}", R"(,"Parallelism":3,"CollectionTitle":"Pod")"));
  EXPECT_EQ(said.at("archived"), 7) << "the remainder too";
  EXPECT_EQ(store_.page({})->front().title, "Pod");
  const auto kept = items();
  EXPECT_EQ(kept[6].title, "6");
  const auto meta = store_.metadata({.subject = kept[6].fetch.cid});
  ASSERT_THAT(*meta, SizeIs(1));
  EXPECT_THAT(meta->front().meta, HasSubstr(R"("title":"6")"));
  EXPECT_THAT(context_.progress_reports, Contains(HasSubstr("archiving items 0/7 of 7 items")));
  EXPECT_THAT(context_.progress_reports, Contains(HasSubstr("archiving item 7")));
}

TEST_F(PodTest, WhatIsOutOfShapeFailsNothingElse) {
  const bj::object said = done(run_with(
      "\xEF\xBB\xBF"
      R"({"dataset":[7,null,{"spatial":{"a":1},"keyword":5},)"
      R"({"distribution":"x"},{"distribution":[7,{},{"downloadURL":null},{"downloadURL":9}]},)"
      R"({"title":{},"distribution":{"downloadURL":[")" +
      web_.url() +
      R"(/a"," "]}},)"
      R"({"distribution":[{"accessURL":")" +
      web_.url() +
      R"(/b"}]},)"
      R"({"distribution":[{"downloadURL":"has blanks in it"}]},)" +
      dataset("c", "/c") + "]}"));
  EXPECT_EQ(said.at("archived"), 3);
  EXPECT_EQ(said.at("left_out"), 3);
}

TEST_F(PodTest, AUrlOfManyDatasetsHasAllThatTheySay) {
  std::string all;
  for (int i = 0; i < 250; ++i) {
    all += (i == 0 ? "" : ",") + dataset("set " + std::to_string(i), "/same");
  }
  const bj::object said = done(run_with(R"({"dataset":[)" + all + "]}"));
  EXPECT_EQ(said.at("archived"), 1);
  EXPECT_THAT(*store_.metadata({.subject = items()[0].fetch.cid, .limit = 1000}), SizeIs(250));
  EXPECT_THAT(*store_.snapshots({.url = items()[0].url}), SizeIs(1));
}

TEST_F(PodTest, OffsetAndLimitEndWhereTheCatalogueDoes) {
  const std::string catalog =
      R"({"dataset":[)" + dataset("a", "/a") + "," + dataset("b", "/b") + "]}";
  EXPECT_EQ(done(run_with(catalog, R"(,"Offset":1,"Limit":5)")).at("archived"), 1);
  EXPECT_EQ(asked("/a"), 0u);
  EXPECT_THAT(failure(run_with(catalog, R"(,"offset":3)"), FailureClass::permanent),
              HasSubstr("offset of 3 greater than 2 datasets"));
  EXPECT_THAT(failure(run_with(catalog, R"(,"parallelism":0)"), FailureClass::permanent),
              HasSubstr("/parallelism"));
}

TEST_F(PodTest, DatasetsThatShareAFileAllSayWhatTheyKnow) {
  EXPECT_EQ(done(run_with(R"({"dataset":[)" + dataset("a", "/f") + "," + dataset("b", "/f") + "]}"))
                .at("archived"),
            1);
  EXPECT_THAT(*store_.metadata({.subject = items()[0].fetch.cid}), SizeIs(2));
}

TEST_F(PodTest, ASecondRunReadsTheCatalogueAgain) {
  const std::string catalog = R"({"dataset":[)" + dataset("a", "/a") + "]}";
  done(run_with(catalog));
  EXPECT_EQ(done(run_with(catalog)).at("known"), 1);
  EXPECT_EQ(asked("/data.json"), 2u) << "within 72 hours it had an empty body once";
  EXPECT_THAT(*store_.metadata({.subject = items()[0].fetch.cid}), SizeIs(1));
}

TEST_F(PodTest, ACatalogueInLatin1IsRead) {
  done(run_with(R"({"dataset":[)" + dataset("M\xFCll", "/a") + "]}"));
  EXPECT_EQ(items()[0].title, "M\xC3\xBCll");
}

TEST_F(PodTest, WhatIsNoCatalogueSaysSo) {
  for (const char* text : {"", "<html>", "7", "{}", R"({"dataset":7})", "[", "\xFF\xFE{"}) {
    failure(run_with(text), FailureClass::permanent);
  }
}

}  // namespace
}  // namespace waybill
