#include "adapters/remote/artifacts.h"

#include <gmock/gmock.h>

#include <array>
#include <boost/json.hpp>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <set>

#include "base/digest.h"
#include "base/json.h"
#include "testing/builders.h"
#include "testing/fake_artifact_store.h"
#include "testing/fake_http_client.h"
#include "testing/sim_clock.h"
#include "testing/temporary_directory.h"

namespace waybill {
namespace {

namespace bj = boost::json;
using testing::HasSubstr;

/// As much of a server as these calls need.
class ServerOfContents {
 public:
  Result<HttpResponse> answer(const HttpRequest& request) {
    if (is_away) return fail(Code::unavailable, "away");
    if (answers) return *answers;
    if (refuse_next > 0 && --refuse_next == 0) return fail(Code::unavailable, "cut");
    if (request.method == "PUT" && request.url.ends_with("/artifacts")) return record(request);
    const std::size_t at = request.url.find("/sha256/") + 8;
    const std::string sha256 = request.url.substr(at, 64);
    if (request.method == "PUT") return put(request, sha256);
    return get(request, sha256);
  }

  std::map<std::string, std::string> kept;
  std::map<std::string, std::string> coming;
  bool is_away = false;
  std::optional<HttpResponse> answers;
  int refuse_next = 0;   ///< that request from now on meets a cut; 0: none
  bool forgets = false;  ///< what it was sent
  std::size_t puts = 0;

 private:
  Result<HttpResponse> record(const HttpRequest& request) {
    bj::array missing;
    std::set<std::string> told;
    const auto body = json::parse(request.body).value();
    for (const auto& each : body.as_object().at("artifacts").as_array()) {
      const std::string sha256(each.as_object().at("sha256").as_string());
      if (!kept.contains(sha256) && told.insert(sha256).second) missing.emplace_back(sha256);
    }
    return HttpResponse{.status = 200,
                        .body = json::serialize(bj::object{{"missing", std::move(missing)}})};
  }

  Result<HttpResponse> put(const HttpRequest& request, const std::string& sha256) {
    ++puts;
    const std::size_t at = request.url.find("offset=") + 7;
    std::size_t offset = 0;
    std::from_chars(request.url.data() + at, request.url.data() + request.url.size(), offset);
    std::string& came = coming[sha256];
    if (offset == 0) came.clear();
    if (offset == came.size()) came += request.body;
    const bool complete = to_hex(waybill::sha256(came)) == sha256;
    if (complete && !forgets) kept[sha256] = came;
    return HttpResponse{.status = 200,
                        .body = json::serialize(
                            bj::object{{"received_bytes", came.size()}, {"complete", complete}})};
  }

  Result<HttpResponse> get(const HttpRequest& request, const std::string& sha256) {
    const auto found = kept.find(sha256);
    if (found == kept.end()) return HttpResponse{.status = 404};
    std::size_t first = 0;
    std::size_t last = 0;
    for (const auto& [name, value] : request.headers) {
      if (name != "Range") continue;
      const char* const end = value.data() + value.size();
      const auto read = std::from_chars(value.data() + 6, end, first);
      std::from_chars(read.ptr + 1, end, last);
    }
    const std::string part = found->second.substr(first, last - first + 1);
    const std::string range = "bytes " + std::to_string(first) + "-" +
                              std::to_string(first + part.size() - 1) + "/" +
                              std::to_string(found->second.size());
    return HttpResponse{.status = 206, .headers = {{"content-range", range}}, .body = part};
  }
};

/// Notes how long each answer is waited for.
class TimedClient final : public HttpClient {
 public:
  TimedClient(HttpClient& inner, Clock& clock) : inner_(inner), clock_(clock) {}
  Result<HttpResponse> send(const HttpRequest& request, const Deadline& deadline) override {
    patience.push_back(deadline.at - clock_.steady_now());
    return inner_.send(request, deadline);
  }
  std::vector<Duration> patience;

 private:
  HttpClient& inner_;
  Clock& clock_;
};

class RemoteArtifactsTest : public testing::Test {
 protected:
  static ArtifactFile a_file(std::string name, std::string bytes) {
    return {.name = std::move(name),
            .media_type = "text/plain",
            .open = [bytes = std::move(bytes)]() -> Result<FileDescriptor> {
              return FakeArtifactStore::file_of(bytes);
            }};
  }
  Status keep(const std::vector<ArtifactFile>& files) {
    return artifacts_.keep(owner_, files, stop_.get_token());
  }

  SimClock clock_;
  ServerOfContents contents_;
  FakeHttpClient http_{[this](const HttpRequest& request) { return contents_.answer(request); }};
  RemoteServer server_{http_, clock_, Rng(1), {.url = "http://host:1"}};
  RemoteArtifacts artifacts_{server_, clock_, 4};
  const ArtifactOwner owner_{.task = task_id(1), .fence = 3};
  std::stop_source stop_;
};

TEST_F(RemoteArtifactsTest, WhatTheServerLacksIsSentInPieces) {
  contents_.kept[to_hex(sha256("there"))] = "there";
  ASSERT_TRUE(keep({a_file("a", "there"), a_file("b", "0123456789"), a_file("c", "0123456789"),
                    a_file("d", "")}));
  EXPECT_EQ(contents_.kept[to_hex(sha256("0123456789"))], "0123456789");
  EXPECT_TRUE(contents_.kept.contains(to_hex(sha256(""))));
  EXPECT_EQ(contents_.puts, 4u) << "three pieces, and one of nothing";
  EXPECT_THAT(http_.requests()[1].url,
              HasSubstr("?task=" + to_string(task_id(1)) + "&fence=3&offset=0"));
}

TEST_F(RemoteArtifactsTest, ItGoesOnWhereTheServerSays) {
  // Somebody else has sent the beginning already.
  const std::string digest = to_hex(sha256("0123456789"));
  contents_.coming[digest] = "0123";
  ASSERT_TRUE(keep({a_file("a", "0123456789")}));
  EXPECT_EQ(contents_.kept[digest], "0123456789");
}

TEST_F(RemoteArtifactsTest, AfterACutItGoesOnWhereItWas) {
  contents_.refuse_next = 3;  // the second of three pieces
  ASSERT_TRUE(keep({a_file("a", "0123456789")}));
  EXPECT_EQ(contents_.kept[to_hex(sha256("0123456789"))], "0123456789");
  EXPECT_EQ(contents_.puts, 3u) << "none was sent twice";
}

TEST_F(RemoteArtifactsTest, AServerThatStaysAwayIsAnOutage) {
  contents_.is_away = true;
  const SteadyTime began = clock_.steady_now();
  EXPECT_EQ(keep({a_file("a", "0123456789")}).error().code, Code::unavailable);
  EXPECT_GT(clock_.steady_now() - began, std::chrono::minutes(5));
  contents_.is_away = false;
  ASSERT_TRUE(keep({a_file("a", "0123456789")}));
}

TEST_F(RemoteArtifactsTest, WhatTheServerTakesNoneOfSoLargeIsNoOutage) {
  contents_.answers = HttpResponse{.status = 413};
  EXPECT_EQ(keep({a_file("a", "0123456789")}).error().code, Code::out_of_range);
}

TEST_F(RemoteArtifactsTest, ASlowLineIsGivenTimeByTheSizeOfAPiece) {
  TimedClient timed(http_, clock_);
  RemoteServer server(timed, clock_, Rng(1), {.url = "http://host:1"});
  RemoteArtifacts artifacts(server, clock_, 4 << 20);
  const std::string bytes(5 << 20, 'x');
  ASSERT_TRUE(artifacts.keep(owner_, std::array{a_file("a", bytes)}, {}));
  ASSERT_EQ(timed.patience.size(), 4u) << "recorded, two pieces, recorded";
  EXPECT_GT(timed.patience[1], std::chrono::minutes(4)) << "for 4 MiB";
}

TEST_F(RemoteArtifactsTest, WhatIsStillMissingAfterAllIsSaidSo) {
  contents_.forgets = true;
  const Status kept = keep({a_file("a", "0123456789")});
  ASSERT_FALSE(kept);
  EXPECT_EQ(kept.error().code, Code::unavailable);
  EXPECT_THAT(kept.error().message, HasSubstr("still lacks"));
}

TEST_F(RemoteArtifactsTest, AskedToStopItStops) {
  stop_.request_stop();
  EXPECT_EQ(keep({a_file("a", "0123456789")}).error().code, Code::cancelled);
  EXPECT_TRUE(http_.requests().empty());
}

TEST_F(RemoteArtifactsTest, AContentIsFetchedInPiecesAndChecked) {
  const std::string digest = to_hex(sha256("0123456789"));
  contents_.kept[digest] = "0123456789";
  const TemporaryDirectory directory;
  const std::string path = directory.path() + "/input";
  ASSERT_TRUE(artifacts_.fetch(owner_, digest, path, {}));
  std::ifstream file(path);
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(file), {}), "0123456789");
  EXPECT_EQ(artifacts_.fetch(owner_, digest, path, {}).error().code, Code::already_exists);
  contents_.kept[digest] = "something else";
  EXPECT_EQ(artifacts_.fetch(owner_, digest, path + "2", {}).error().code, Code::data_loss);
  EXPECT_FALSE(std::filesystem::exists(path + "2"));
  EXPECT_EQ(artifacts_.fetch(owner_, std::string(64, '0'), path + "3", {}).error().code,
            Code::not_found);
}

}  // namespace
}  // namespace waybill
