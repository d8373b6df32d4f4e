// What servers pack though nobody asked for it, and text in encodings that nobody expects.

#include <zlib.h>

#include "base/digest.h"
#include "base/utf8.h"
#include "kinds/archive/collect/gist.h"
#include "kinds/archive/collect/pod.h"
#include "kinds/archive/collect/sciencebase.h"
#include "kinds/archive/fetch/fetch.h"
#include "kinds/archive/kiwix/kiwix.h"
#include "tests/archive/collect_fixture.h"

namespace waybill {
namespace {

using ::testing::AnyOf;
using ::testing::HasSubstr;

/// A gzip member that unpacks to so many spaces, which are white space in every text.
std::string bomb(std::size_t mebibytes) {
  z_stream z{};
  EXPECT_EQ(deflateInit2(&z, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::string packed(mebibytes << 11, '\0');
  z.next_out = reinterpret_cast<Bytef*>(packed.data());
  z.avail_out = static_cast<uInt>(packed.size());
  std::string piece(1 << 20, ' ');
  for (std::size_t i = 0; i <= mebibytes; ++i) {
    z.next_in = reinterpret_cast<Bytef*>(piece.data());
    z.avail_in = i < mebibytes ? static_cast<uInt>(piece.size()) : 0;
    EXPECT_EQ(deflate(&z, i < mebibytes ? Z_NO_FLUSH : Z_FINISH),
              i < mebibytes ? Z_OK : Z_STREAM_END);
  }
  packed.resize(packed.size() - z.avail_out);
  deflateEnd(&z);
  return packed;
}

class EncodingTest : public CollectTest {
 protected:
  void send(const std::string& body, HttpHeaders headers = {}) {
    answer_ = [body, headers](const ReceivedRequest&) {
      return ScriptedAnswer{.headers = headers, .body = body};
    };
  }
  Outcome fetch() {
    FetchKind kind(&desk_);
    return kind.run(
        task_of(R"({"url":")" + web_.url() + R"(/file"})", R"({"limits":{"artifacts":"1MiB"}})"),
        context_);
  }
  /// Each reader of a catalogue, gist or listing, on what the server sends now.
  std::vector<std::pair<std::string, Outcome>> read_by_all() {
    const std::string url = R"({"url":")" + web_.url() + R"(/catalogue"})";
    const std::string base = R"("base":")" + web_.url() + R"(/")";
    std::vector<std::pair<std::string, Outcome>> outcomes;
    const auto run = [&](const std::string& name, TaskKind& kind, const std::string& params) {
      outcomes.emplace_back(name, kind.run(now_task(params), context_));
    };
    PodCatalogKind pod("catalog.pod", &desk_);
    run("pod", pod, url);
    ScienceBaseKind tree("catalog.sciencebase", &desk_);
    run("sciencebase", tree, url);
    GistCollectionKind gist("collection.fromGist", &desk_);
    run("gist", gist,
        R"({"gistUrl":")" + std::string(32, 'a') + R"(","api":")" + web_.url() + "\"}");
    KiwixResolveKind resolve(&desk_);
    run("resolve", resolve, R"({"project":"wikipedia",)" + base + "}");
    KiwixUpdateSourcesKind opds(&desk_);
    run("opds", opds, R"({"catalog":")" + web_.url() + R"(/entries"})");
    return outcomes;
  }
};

TEST_F(EncodingTest, WhatUnpacksToMuchIsKeptAsItWasSent) {
  const std::string packed = bomb(512);
  ASSERT_LT(packed.size(), std::size_t{1} << 20);
  for (const char* encoding : {"gzip", "gzip, gzip", "br", "deflate", "x-\xff"}) {
    send(packed, {{"Content-Encoding", encoding}});
    const std::string said = result(fetch());
    EXPECT_THAT(said, HasSubstr(to_hex(sha256(packed)))) << encoding;
    EXPECT_THAT(said, HasSubstr("\"size_bytes\":" + std::to_string(packed.size()))) << encoding;
  }
  for (const ReceivedRequest& request : web_.requests()) {
    EXPECT_THAT(request.header("accept-encoding"), AnyOf("", "identity")) << "nobody asked for it";
  }
}

TEST_F(EncodingTest, ATransferThatIsPackedIsNotUnpacked) {
  send(bomb(512), {{"Transfer-Encoding", "gzip, chunked"}});
  const Outcome outcome = fetch();
  const auto* failed = std::get_if<outcome::Failed>(&outcome);
  ASSERT_NE(failed, nullptr) << result(outcome);
}

TEST_F(EncodingTest, NoReaderOfACatalogueUnpacksWhatNobodyAskedFor) {
  send(bomb(512), {{"Content-Encoding", "gzip"}, {"Content-Type", "application/json"}});
  for (const auto& [name, outcome] : read_by_all()) {
    const auto* failed = std::get_if<outcome::Failed>(&outcome);
    ASSERT_NE(failed, nullptr) << name << ": " << result(outcome);
    EXPECT_EQ(failed->failure_class, FailureClass::permanent) << name << ": " << failed->error;
  }
}

TEST_F(EncodingTest, TextInAWrongEncodingIsRefusedOrReadAndNeverBreaksAResult) {
  const std::string utf16(
      "\xff\xfe{\0\"\0d\0\"\0:\0"
      "1\0}\0",
      16);
  for (const std::string& body :
       {utf16, std::string("\xfe\xff\0{\0}", 6), std::string("\xef\xbb\xbf[]"),
        std::string("{\"dataset\":[\"\xc3\x28\"]}"), std::string("\0\0\0", 3),
        std::string("<feed>\xff\xfe</feed>"),
        std::string("<?xml version=\"1.0\" encoding=\"UTF-7\"?><feed>+ADw-</feed>")}) {
    send(body, {{"Content-Type", "application/json; charset=nonsense"}});
    for (const auto& [name, outcome] : read_by_all()) {
      const std::string said = result(outcome);
      EXPECT_TRUE(is_utf8(said)) << name << ": " << said;
      const auto* failed = std::get_if<outcome::Failed>(&outcome);
      if (failed != nullptr) {
        EXPECT_EQ(failed->failure_class, FailureClass::permanent) << name << ": " << said;
      }
    }
  }
}

}  // namespace
}  // namespace waybill
