#include <atomic>
#include <set>

#include "kinds/archive/collect/sciencebase.h"
#include "tests/archive/collect_fixture.h"

namespace waybill {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::SizeIs;

class TreeTest : public CollectTest {
 protected:
  TreeTest() {
    answer_ = [this](const ReceivedRequest& request) {
      const auto found = pages_.find(request.target);
      if (found == pages_.end()) return ScriptedAnswer{.status = 404};
      return ScriptedAnswer{.body = found->second};
    };
  }
  void item(const std::string& id, bool has_children, const std::string& more = "") {
    pages_["/catalog/item/" + id + "?format=json"] = R"({"id":")" + id + R"(","title":"T )" + id +
                                                     R"(","hasChildren":)" +
                                                     (has_children ? "true" : "false") + more + "}";
  }
  void list(const std::string& query, const std::vector<std::string>& children,
            const std::string& next = "") {
    std::string items;
    for (const std::string& id : children) {
      items += (items.empty() ? "" : ",") + (R"({"link":{"rel":"self","url":")" + web_.url()) +
               "/catalog/item/" + id + "\"}}";
    }
    pages_["/catalog/items?" + query + "&format=json"] =
        R"({"total":9,"items":[)" + items + "]" +
        (next.empty() ? "" : R"(,"nextlink":{"rel":"next","url":")" + web_.url() + next + "\"}") +
        "}";
  }
  Outcome walk(const std::string& more = R"(,"MaxDepth":-1)") {
    return tree_.run(
        now_task(R"({"url":")" + web_.url() + R"(/catalog/item/root?format=json")" + more + "}"),
        context_);
  }
  std::set<std::string> archived() {
    std::set<std::string> targets;
    for (const CollectionItem& each : items()) {
      if (!each.fetch.cid.empty()) targets.insert(each.url.substr(web_.url().size()));
    }
    return targets;
  }

  std::map<std::string, std::string> pages_;
  ScienceBaseKind tree_{"sb.addCatalogTree", &desk_};
};

TEST_F(TreeTest, WhatFailedForGoodIsNotAskedForAgainByTheSameTask) {
  std::atomic<bool> up = false;
  item("root", true);
  list("parentId=root", {"gone", "late"});
  item("late", false);
  answer_ = [&](const ReceivedRequest& request) {
    const auto found = pages_.find(request.target);
    if (found == pages_.end()) return ScriptedAnswer{.status = 404};
    if (request.target.find("late") != std::string::npos && !up) {
      return ScriptedAnswer{.status = 503};
    }
    return ScriptedAnswer{.body = found->second};
  };
  const Task task =
      now_task(R"({"url":")" + web_.url() + R"(/catalog/item/root?format=json","MaxDepth":-1})");
  failure(tree_.run(task, context_), FailureClass::transient);
  up = true;
  const bj::object said = done(tree_.run(task, context_));
  EXPECT_EQ(said.at("failed"), 1);
  EXPECT_EQ(asked("/catalog/item/gone?format=json"), 1u);
  EXPECT_EQ(asked("/catalog/item/late?format=json"), 2u);
}

TEST_F(TreeTest, EveryPageOfChildrenAndEveryFileIsReached) {
  item("root", true);
  list("parentId=root", {"a", "b"}, "/catalog/items?parentId=root&offset=2&format=json");
  list("parentId=root&offset=2", {"c"});
  item("a", false, R"(,"files":[{"name":"f","url":")" + web_.url() + R"(/file/f"},{},7])");
  item("b", true);
  item("c", false, R"(,"files":{})");
  list("parentId=b", {"d", "root"});
  item("d", false);
  pages_["/file/f"] = "a file";
  const bj::object said = done(walk());
  EXPECT_EQ(said.at("archived"), 9);
  EXPECT_EQ(said.at("failed"), 0);
  EXPECT_THAT(archived(),
              AllOf(Contains("/file/f"), Contains("/catalog/item/d?format=json"), SizeIs(9)));
  for (const CollectionItem& each : items()) {
    if (!each.url.ends_with("/file/f")) continue;
    EXPECT_THAT(store_.metadata({.subject = each.fetch.cid})->front().meta, HasSubstr("T a"));
  }
}

TEST_F(TreeTest, DepthIsHeededAndTheRootAloneEnds) {
  item("root", true);
  list("parentId=root", {"a"});
  item("a", true);
  list("parentId=a", {"b"});
  item("b", false);
  EXPECT_EQ(done(walk("")).at("archived"), 1);
  EXPECT_EQ(done(walk(R"(,"maxDepth":1)")).at("archived"), 2) << "a list and its child are new";
}

TEST_F(TreeTest, ABrokenItemIsCountedAndEndsNothing) {
  item("root", true);
  list("parentId=root", {"gone", "a", "odd"});
  item("a", false);
  pages_["/catalog/item/odd?format=json"] = "<html>";
  const bj::object said = done(walk());
  EXPECT_EQ(said.at("failed"), 1);
  EXPECT_EQ(said.at("left_out"), 1);
  EXPECT_EQ(said.at("archived"), 4);
}

TEST_F(TreeTest, AnotherAttemptGoesOnWithWhatTheNodeHas) {
  item("root", true);
  list("parentId=root", {"a"});
  pages_["/catalog/item/a?format=json"] = "";
  Task task = now_task(R"({"url":")" + web_.url() + R"(/catalog/item/root","maxDepth":-1})");
  answer_ = [this, inner = answer_](const ReceivedRequest& request) {
    if (request.target.starts_with("/catalog/item/a")) return ScriptedAnswer{.status = 503};
    return inner(request);
  };
  failure(tree_.run(task, context_), FailureClass::transient);
  answer_ = [this](const ReceivedRequest& request) {
    const auto found = pages_.find(request.target);
    return found == pages_.end() ? ScriptedAnswer{.status = 404}
                                 : ScriptedAnswer{.body = found->second};
  };
  item("a", false);
  const bj::object said = done(tree_.run(task, context_));
  EXPECT_EQ(said.at("known"), 2);
  EXPECT_EQ(said.at("archived"), 1);
  EXPECT_EQ(asked("/catalog/item/root?format=json"), 1u);
}

TEST_F(TreeTest, WhatFailsIsNamedIfItMayBeThereLaterAndItsServerLeftAlone) {
  item("root", true);
  list("parentId=root", {"gone", "a"});
  answer_ = [inner = answer_](const ReceivedRequest& request) {
    if (request.target.starts_with("/catalog/item/a")) return ScriptedAnswer{.status = 503};
    return inner(request);
  };
  const auto began = std::chrono::steady_clock::now();
  EXPECT_THAT(failure(walk(R"(,"maxDepth":-1,"parallelism":1,"crawlDelay":"100ms")"),
                      FailureClass::transient),
              HasSubstr("/catalog/item/a"));
  // After the root, its list, and the two that fail.
  EXPECT_GE(std::chrono::steady_clock::now() - began, std::chrono::milliseconds(400));
}

TEST_F(TreeTest, ATreeWithoutEndIsGivenUp) {
  item("root", true);
  std::atomic<int> number = 0;
  answer_ = [&, inner = answer_](const ReceivedRequest& request) {
    if (!request.target.starts_with("/catalog/items")) return inner(request);
    return ScriptedAnswer{.body = R"({"items":[],"nextlink":{"url":"/catalog/items?page=)" +
                                  std::to_string(++number) + "\"}}"};
  };
  EXPECT_THAT(failure(walk(R"(,"maxDepth":-1,"itemsMax":50)"), FailureClass::permanent),
              HasSubstr("more than 50 URLs"));
}

TEST_F(TreeTest, WhatIsNoRootFailsAndOtherServersAreNotWalked) {
  failure(walk(), FailureClass::permanent);
  item("root", true);
  pages_["/catalog/items?parentId=root&format=json"] =
      R"({"items":[{"link":{"url":"http://elsewhere.example/catalog/item/x"}},{},7,)"
      R"({"link":{"url":")" +
      web_.url() + R"(.evil.example/catalog/item/x"}},{"link":{"url":")" + web_.url() +
      R"(@evil.example/catalog/item/x"}}]})";
  EXPECT_EQ(done(walk()).at("left_out"), 3);
}

}  // namespace
}  // namespace waybill
