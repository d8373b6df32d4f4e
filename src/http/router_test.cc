#include "http/router.h"

#include <gtest/gtest.h>

namespace waybill::http {
namespace {

Router a_router() {
  Router router;
  for (const auto& [method, pattern] :
       {std::pair("GET", "/v1/tasks"), std::pair("POST", "/v1/tasks"),
        std::pair("GET", "/v1/tasks/{id}"), std::pair("POST", "/v1/tasks/{id}/cancel")}) {
    router.add(method, pattern);
  }
  return router;
}

TEST(Router, FindsARouteByMethodAndPath) {
  const Router router = a_router();
  const auto match = router.find("POST", {"v1", "tasks", "7", "cancel"});
  EXPECT_EQ(match.route, 3u);
  EXPECT_EQ(match.path.at("id"), "7");
}

TEST(Router, TakesHeadForGet) {
  const Router router = a_router();
  EXPECT_EQ(router.find("HEAD", {"v1", "tasks"}).route, 0u);
}

TEST(Router, SaysWhichMethodsAPathTakes) {
  const Router router = a_router();
  const auto match = router.find("DELETE", {"v1", "tasks"});
  EXPECT_EQ(match.route, std::nullopt);
  EXPECT_EQ(match.allowed, "GET, HEAD, OPTIONS, POST");
}

TEST(Router, FindsNothingWhereNoPatternIs) {
  const Router router = a_router();
  const std::vector<std::string> paths[] = {
      {""}, {"v1"}, {"v1", "tasks", ""}, {"v1", "tasks", "7", "cancel", ""}, {"V1", "tasks"}};
  for (const auto& path : paths) {
    const auto match = router.find("GET", path);
    EXPECT_EQ(match.route, std::nullopt);
    EXPECT_EQ(match.allowed, "");
  }
}

TEST(Router, ALastNameMayStandForTheRestOfThePath) {
  Router router;
  router.add("GET", "/v1/tasks/{id}/artifacts");
  router.add("GET", "/v1/tasks/{id}/artifacts/{name…}");
  const auto name_of = [&](std::vector<std::string> rest) {
    std::vector<std::string> segments = {"v1", "tasks", "7", "artifacts"};
    segments.insert(segments.end(), rest.begin(), rest.end());
    const auto match = router.find("GET", segments);
    return match.route == 1u ? match.path.at("name") : "none";
  };
  EXPECT_EQ(name_of({"a"}), "a");
  EXPECT_EQ(name_of({"out", "a"}), "out/a");
  EXPECT_EQ(name_of({"out/a", "b"}), "out/a/b");
  EXPECT_EQ(name_of({"out", ""}), "out/") << "which is no artifact's name, as the handler says";
  EXPECT_EQ(name_of({"", "a"}), "none");
  EXPECT_EQ(name_of({}), "none");
}

}  // namespace
}  // namespace waybill::http
