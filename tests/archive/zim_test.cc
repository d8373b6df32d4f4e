#include <gmock/gmock.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "base/base64.h"
#include "base/digest.h"
#include "kinds/archive/kiwix/kiwix.h"
#include "kinds/archive/zim/program.h"
#include "kinds/archive/zim/zim.h"
#include "tests/archive/archive_fixture.h"

namespace waybill {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;

class ProgramTest : public ArchiveTest {
 protected:
  Result<int> run(const std::string& script, Deadline deadline = {}) {
    return run_program({.argv = {"sh", "-c", script},
                        .on_line =
                            [this](std::string_view line) {
                              lines_.emplace_back(line);
                              return Status();
                            }},
                       clock_, deadline);
  }
  std::vector<std::string> lines_;
};

TEST_F(ProgramTest, WhatItSaysAndHowItEndsIsTold) {
  EXPECT_EQ(run("echo a; echo b >&2; printf c; exit 7").value(), 7);
  EXPECT_THAT(lines_, testing::ElementsAre("a", "b", "c"));
  EXPECT_EQ(run("kill -TERM $$").value(), 128 + 15);
}

TEST_F(ProgramTest, NothingOfTheEnvironmentIsPassedOn) {
  ::setenv("WAYBILL_TEST_SECRET", "hidden", 1);
  ASSERT_EQ(run("env").value(), 0);
  ::unsetenv("WAYBILL_TEST_SECRET");
  for (const std::string& line : lines_) EXPECT_THAT(line, Not(HasSubstr("hidden")));
}

TEST_F(ProgramTest, OneThatIsNotThereIsNamed) {
  const auto ran = run_program({.argv = {"waybill-no-such-program"}, .on_line = {}}, clock_, {});
  ASSERT_FALSE(ran);
  EXPECT_EQ(ran.error().code, Code::failed_precondition);
  EXPECT_THAT(ran.error().message, HasSubstr("waybill-no-such-program"));
}

TEST_F(ProgramTest, ItEndsWithItsTimeAndWhenAsked) {
  const auto soon = clock_.steady_now() + std::chrono::milliseconds(50);
  EXPECT_EQ(run("sleep 1000", {.at = soon}).error().code, Code::deadline_exceeded);
  std::stop_source stop;
  const auto ended = run_program({.argv = {"sh", "-c", "echo up; sleep 1000 & wait"},
                                  .on_line =
                                      [&](std::string_view) {
                                        stop.request_stop();
                                        return Status();
                                      }},
                                 clock_, {.stop = stop.get_token()});
  EXPECT_EQ(ended.error().code, Code::cancelled);
}

/// With a ZIM file of zim-tools.
class ZimTest : public ArchiveTest {
 protected:
  void SetUp() override {
    const std::string html = directory_.path() + "/html";
    std::filesystem::create_directories(html + "/sub");
    std::ofstream(html + "/index.html") << "<html><head><title>Main</title></head><body>"
                                           "<a href=\"sub/b.html\">b</a></body></html>";
    std::ofstream(html + "/sub/b.html")
        << "<html><head><title>B</title></head><body>B</body></html>";
    // 48 times 48 black pixels, as zimwriterfs wants them.
    std::ofstream(html + "/i.png", std::ios::binary)
        << from_base64(
               "iVBORw0KGgoAAAANSUhEUgAAADAAAAAwAQAAAAB/ecQqAAAADUlEQVR42mNgGAXUBAABUAABNLg62QAA"
               "AABJRU5ErkJggg==")
               .value_or("");
    const std::string zim = directory_.path() + "/small.zim";
    const auto made =
        run_program({.argv = {"zimwriterfs", "--welcome=index.html", "--illustration=i.png",
                              "--language=eng", "--title=Small", "--description=One",
                              "--creator=us", "--publisher=us", "--withoutFTIndex", html, zim},
                     .on_line = {}},
                    clock_, {});
    if (!made) GTEST_SKIP() << made.error().message;
    ASSERT_EQ(*made, 0);
    std::ifstream file(zim, std::ios::binary);
    bytes_.assign(std::istreambuf_iterator<char>(file), {});
    sha256_ = keep(bytes_);
  }
  std::string keep(const std::string& bytes) {
    const std::string digest = to_hex(sha256(bytes));
    context_.contents[digest] = bytes;
    return digest;
  }
  template <class Kind>
  Outcome run(const std::string& digest, const std::string& spec = "{}") {
    Kind kind(&desk_);
    return kind.run(task_of(R"({"sha256":")" + digest + "\"}", spec), context_);
  }
  std::string bytes_;
  std::string sha256_;
};

TEST_F(ZimTest, AWholeOneIsValidAndADamagedOneIsNot) {
  EXPECT_THAT(result(run<ZimCheckKind>(sha256_)), HasSubstr(R"("valid":true)"));
  std::string damaged = bytes_;
  damaged[damaged.size() / 2] = static_cast<char>(damaged[damaged.size() / 2] ^ 0x55);
  EXPECT_THAT(failure(run<ZimCheckKind>(keep(damaged)), FailureClass::permanent),
              HasSubstr("zimcheck ends with status"));
  EXPECT_THAT(failure(run<ZimCheckKind>(keep("no zim")), FailureClass::permanent),
              HasSubstr("zimcheck ends with status"));
  failure(run<ZimCheckKind>(std::string(64, '0')), FailureClass::permanent);
}

TEST_F(ZimTest, ItsPathsBecomeAnArtifact) {
  EXPECT_THAT(result(run<ZimListKind>(sha256_)), HasSubstr(R"("entries":3)"));
  ASSERT_THAT(context_.kept_files, SizeIs(1));
  EXPECT_THAT(context_.kept_files[0].bytes,
              AllOf(HasSubstr("index.html\n"), HasSubstr("sub/b.html\n")));
}

TEST_F(ZimTest, ItsFilesBecomeArtifactsAndAreNamedInTheResult) {
  const std::string said = result(run<ZimUnpackKind>(sha256_));
  EXPECT_THAT(said, AllOf(HasSubstr(R"("entries":3)"), HasSubstr(R"("name":"sub/b.html")")));
  ASSERT_THAT(context_.kept_files, SizeIs(3));
  EXPECT_EQ(context_.kept_files[2].name, "sub/b.html");
  EXPECT_THAT(context_.kept_files[2].bytes, HasSubstr("<body>B</body>"));
  EXPECT_THAT(said, HasSubstr(to_hex(sha256(context_.kept_files[2].bytes))));
  EXPECT_THAT(failure(run<ZimUnpackKind>(sha256_, R"({"limits":{"artifacts":"100B"}})"),
                      FailureClass::permanent),
              HasSubstr("unpacked it has"));
  failure(run<ZimUnpackKind>(keep("no zim")), FailureClass::permanent);
}

class KiwixTest : public ArchiveTest {
 protected:
  template <class Kind>
  Outcome run(const std::string& more) {
    Kind kind(&desk_);
    const Task task = task_of(R"({"base":")" + server_.url() + "/zim\"" + more + "}");
    EXPECT_TRUE(kind.check(task.request));
    return kind.run(task, context_);
  }
  HttpTestServer server_{[](const ReceivedRequest& request) {
    if (request.target == "/zim/wikipedia/") {
      return ScriptedAnswer{.body = R"(<a href="wikipedia_en_all_maxi_2026-10.zim">
        <a href="wikipedia_en_all_maxi_2026-11.zim"> <a href="wikipedia_en_all_2026-12.zim">
        <a href="wikipedia_fr_all_maxi_2026-09.zim">
        <a href="wikipedia_de_all_maxi_2026-09.zim">)"};
    }
    if (request.target.find("_de_") != std::string::npos) return ScriptedAnswer{.status = 404};
    if (request.target.ends_with(".zim.sha256")) {
      const auto name = request.target.substr(request.target.rfind('/') + 1);
      return ScriptedAnswer{.body = std::string(64, 'a') + "  " + name.substr(0, name.size() - 7) +
                                    "\n"};
    }
    return ScriptedAnswer{.status = 404};
  }};
};

TEST_F(KiwixTest, ADumpIsTheNewestOfItsSort) {
  EXPECT_THAT(result(run<KiwixResolveKind>(R"(,"project":"wikipedia","flavour":"maxi")")),
              AllOf(HasSubstr("/zim/wikipedia/wikipedia_en_all_maxi_2026-11.zim"),
                    HasSubstr(R"("date":"2026-11")"), HasSubstr(std::string(64, 'a'))));
  EXPECT_THAT(result(run<KiwixResolveKind>(R"(,"project":"wikipedia")")),
              HasSubstr("wikipedia_en_all_2026-12.zim"));
  EXPECT_THAT(
      result(run<KiwixResolveKind>(R"(,"project":"wikipedia","flavour":"maxi","date":"2026-10")")),
      HasSubstr("2026-10"));
  EXPECT_THAT(failure(run<KiwixResolveKind>(R"(,"project":"wikipedia","flavour":"mini")"),
                      FailureClass::permanent),
              HasSubstr("lists no wikipedia_en_all_mini_YYYY-MM.zim"));
  failure(run<KiwixResolveKind>(R"(,"project":"wiktionary")"), FailureClass::permanent);
}

TEST_F(KiwixTest, WhatIsNewIsTheNewestThatIsNotKnown) {
  const std::string said = result(run<KiwixUpdateSourcesKind>(
      R"(,"known":[")" + server_.url() + R"(/zim/wikipedia/wikipedia_fr_all_maxi_2026-09.zim"])"));
  EXPECT_THAT(said, AllOf(HasSubstr(R"("listed":4)"), HasSubstr("wikipedia_en_all_maxi_2026-11"),
                          HasSubstr("wikipedia_en_all_2026-12"), Not(HasSubstr("_fr_")),
                          Not(HasSubstr("2026-10")), Not(HasSubstr("_de_"))));
  EXPECT_THAT(context_.logged(LogStream::system), HasSubstr("left out"));
  ASSERT_THAT(context_.progress_reports, SizeIs(3));
  EXPECT_THAT(context_.progress_reports[0], HasSubstr("fetching zims list"));
  EXPECT_THAT(context_.progress_reports[2], HasSubstr("updating sources"));
}

}  // namespace
}  // namespace waybill
