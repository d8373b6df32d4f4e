#include <gmock/gmock.h>

#include <fcntl.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <filesystem>
#include <fstream>

#include "kinds/archive/ipfs/add.h"
#include "kinds/archive/ipfs/node.h"
#include "kinds/archive/ipfs/pin.h"
#include "tests/archive/archive_fixture.h"

namespace waybill {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

/// Of "hello\n", as every node has it.
constexpr const char* kHello = "bafkreicysg23kiwv34eg2d7qweipxwosdo2py4ldv42nbauguluen5v6am";
constexpr const char* kOther = "bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku";

/// A node that answers by a script, and a desk that knows it.
class IpfsKindTest : public ArchiveTest {
 protected:
  IpfsKindTest() { desk_.ipfs_api = node_.url(); }

  Outcome add_url() {
    IpfsAddUrlKind kind("ipfs.addurl", &desk_);
    return kind.run(task_of(R"({"url":")" + web_.url() + "/hello.txt\"}"), context_);
  }
  std::size_t asked(const std::string& command) const {
    std::size_t count = 0;
    for (const ReceivedRequest& request : node_.requests()) {
      count += request.target.starts_with("/api/v0/" + command + "?") ? 1 : 0;
    }
    return count;
  }

  std::string cid_ = kHello;
  std::function<ScriptedAnswer(const ReceivedRequest&)> answer_ = [this](const ReceivedRequest&) {
    return ScriptedAnswer{.body = R"({"Name":"x","Hash":")" + cid_ +
                                  R"(","Size":"6"})"
                                  "\n"};
  };
  HttpTestServer web_{[](const ReceivedRequest&) { return ScriptedAnswer{.body = "hello\n"}; }};
  HttpTestServer node_{[this](const ReceivedRequest& request) { return answer_(request); }};
};

TEST_F(IpfsKindTest, TheNodeIsToldTheOptionsAndTheyAreRecorded) {
  EXPECT_THAT(result(add_url()),
              AllOf(HasSubstr(kHello), HasSubstr(R"("cid_checked":true)"),
                    HasSubstr(R"("layout":"balanced")"), HasSubstr(R"("dest":"/content/baf)")));
  ASSERT_EQ(asked("add"), 1u);
  const ReceivedRequest request = node_.requests()[0];
  EXPECT_EQ(request.method, "POST");
  EXPECT_THAT(request.target, AllOf(HasSubstr("cid-version=1"), HasSubstr("raw-leaves=true"),
                                    HasSubstr("chunker=size-262144"), HasSubstr("pin=true")));
  EXPECT_THAT(request.body,
              AllOf(HasSubstr("filename=\"hello.txt\""), HasSubstr("\r\nhello\n\r\n")));
  EXPECT_THAT(context_.progress_reports.front(), HasSubstr("fetching resource"));
  EXPECT_THAT(context_.progress_reports.back(),
              AllOf(HasSubstr("adding file to IPFS node"), HasSubstr(R"("done":true)")));
}

TEST_F(IpfsKindTest, AWrongNodeIsNoticedAndWhatItHasIsUnpinned) {
  cid_ = kOther;
  answer_ = [this](const ReceivedRequest& request) {
    const bool lists = request.target.starts_with("/api/v0/files/ls");
    return ScriptedAnswer{.body = lists ? R"({"Entries":null})" : R"({"Hash":")" + cid_ + "\"}"};
  };
  EXPECT_THAT(failure(add_url(), FailureClass::permanent),
              AllOf(HasSubstr(kHello), HasSubstr(kOther), HasSubstr("broken")));
  EXPECT_EQ(asked("pin/rm"), 1u);
}

TEST_F(IpfsKindTest, WhatOthersHoldIsNotUnpinnedByAWrongNode) {
  cid_ = kOther;
  answer_ = [this](const ReceivedRequest& request) {
    const bool lists = request.target.starts_with("/api/v0/files/ls");
    return ScriptedAnswer{.body = lists ? R"({"Entries":[{"Name":"another"}]})"
                                        : R"({"Hash":")" + cid_ + "\"}"};
  };
  EXPECT_THAT(failure(add_url(), FailureClass::permanent), HasSubstr("broken"));
  EXPECT_EQ(asked("pin/rm"), 0u);
}

TEST_F(IpfsKindTest, APathThatTheNodeDoesNotKnowIsNoListWithoutLeases) {
  cid_ = kOther;
  answer_ = [this](const ReceivedRequest& request) {
    if (request.target.starts_with("/api/v0/files/")) {
      return ScriptedAnswer{.status = 404, .body = "404 page not found"};
    }
    return ScriptedAnswer{.body = R"({"Hash":")" + cid_ + "\"}"};
  };
  EXPECT_THAT(failure(add_url(), FailureClass::permanent), HasSubstr("could not be unpinned"));
  EXPECT_EQ(asked("pin/rm"), 0u);
}

TEST_F(IpfsKindTest, WhatANodeThatIsNoneAnswersIsSaid) {
  const auto says = [&](ScriptedAnswer answer) {
    answer_ = [answer](const ReceivedRequest&) { return answer; };
    return add_url();
  };
  EXPECT_THAT(failure(says({.status = 500, .body = R"({"Message":"no space left","Code":0})"}),
                      FailureClass::transient),
              HasSubstr("non-200 status code: 500: no space left"));
  EXPECT_THAT(failure(says({.status = 403, .body = "403 - Forbidden"}), FailureClass::permanent),
              HasSubstr("403 - Forbidden"));
  EXPECT_THAT(failure(says({.status = 404, .body = "404 page not found"}), FailureClass::permanent),
              HasSubstr("404"));
  EXPECT_THAT(failure(says({.body = "<html>"}), FailureClass::permanent),
              HasSubstr("no JSON object"));
  EXPECT_THAT(failure(says({.body = ""}), FailureClass::transient), HasSubstr("without a CID"));
  EXPECT_THAT(failure(says({.body = R"({"Hash":"../../x"})"}), FailureClass::permanent),
              HasSubstr("is no CID"));
  failure(says({.body = std::string(2 << 20, ' ') + "x"}), FailureClass::permanent);
  failure(says({.cut = Cut::before_answer}), FailureClass::transient);
}

TEST_F(IpfsKindTest, AnErrorBehindTheAnswerCounts) {
  TalkingServer node([](const TalkingServer::Say& say) {
    say("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Stream-Error\r\n\r\n"
        "2\r\n{}\r\n0\r\nX-Stream-Error: the disk broke\r\n\r\n");
  });
  desk_.ipfs_api = node.url();
  IpfsGcKind kind(&desk_);
  EXPECT_THAT(failure(kind.run(task_of("{}"), context_), FailureClass::transient),
              HasSubstr("the disk broke"));
}

TEST_F(IpfsKindTest, AFailedFetchReachesNoNode) {
  IpfsAddUrlKind kind("ipfs.add", &desk_);
  allow_loopback(false);
  EXPECT_THAT(failure(kind.run(task_of(R"({"url":")" + web_.url() + "\"}"), context_),
                      FailureClass::permanent),
              AllOf(HasSubstr("Error fetching url"), HasSubstr("not allowed")));
  EXPECT_EQ(node_.connections(), 0);
}

/// The most memory that this process has had, in bytes.
std::int64_t memory_peak() {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    std::int64_t kibibytes = 0;
    if (word == "VmHWM:" && status >> kibibytes) return kibibytes * 1024;
  }
  return -1;
}

TEST_F(IpfsKindTest, MemoryDoesNotGrowWithTheFile) {
  constexpr std::int64_t kBytes = std::int64_t{256} << 20;
  const std::string path = directory_.path() + "/large";
  std::ofstream(path).close();
  std::filesystem::resize_file(path, kBytes);  // of zeros, which take no disk
  TalkingServer node([](const TalkingServer::Say& say) {
    say("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{\"Hash\":\"" + std::string(kOther) + "\"}\n");
  });
  desk_.ipfs_api = node.url();
  ipfs::AddTerms terms;
  terms.boundary = "b";
  terms.files.push_back(
      {.name = "large", .size_bytes = kBytes, .open = [&]() -> Result<FileDescriptor> {
         return FileDescriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
       }});
  const std::int64_t before = memory_peak();
  ASSERT_GT(before, 0);
  const auto added = ipfs::add_to_node(desk_, std::move(terms));
  EXPECT_LT(memory_peak() - before, 64 << 20);
  // By what it read to the end it knows that this node is wrong.
  ASSERT_FALSE(added);
  EXPECT_THAT(added.error().message, HasSubstr("is broken"));
}

TEST(IpfsMultipart, AFileThatChangesUnderItIsNoticed) {
  const TemporaryDirectory directory;
  const std::string path = directory.path() + "/x";
  std::ofstream(path) << "12345";
  for (const std::int64_t said : {4, 6}) {
    ipfs::MultipartUpload upload(
        {{.name = "x",
          .size_bytes = said,
          .open = [&]() -> Result<FileDescriptor> {
            return FileDescriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
          }}},
        "b", 1000, {});
    std::string room(64, '\0');
    Result<std::size_t> read = std::size_t{1};
    while (read && *read > 0) read = upload.read(room);
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().code, Code::aborted);
  }
}

TEST(IpfsCheck, RefusesWhatCanNeverRun) {
  const auto refused = [](const TaskKind& kind, const std::string& params) {
    const Status status = kind.check(a_task(1).params(params).build());
    return status ? std::string("(taken)") : status.error().message;
  };
  const IpfsAddUrlKind add("ipfs.addurl");
  EXPECT_THAT(refused(add, R"({"pin":true})"), HasSubstr("url param is required"));
  for (const char* chunker : {"size-0", "size-1048577", "size-", "size-x", "rolling", ""}) {
    EXPECT_THAT(refused(add, R"({"url":"http://x","chunker":")" + std::string(chunker) + "\"}"),
                HasSubstr("/chunker"))
        << chunker;
  }
  EXPECT_EQ(refused(add, R"({"Url":"http://x","chunker":"buzhash"})"), "(taken)");
  EXPECT_THAT(refused(IpfsAddFileKind(), R"({"sha256":"x"})"), HasSubstr("/sha256"));
  const std::string digest(64, 'a');
  EXPECT_THAT(
      refused(IpfsAddDirKind(), R"({"files":[{"name":"../x","sha256":")" + digest + "\"}]}"),
      HasSubstr("/files/0/name"));
  EXPECT_THAT(refused(IpfsAddDirKind(), R"({"files":[{"name":"a","sha256":")" + digest +
                                            R"("},{"name":"a/b","sha256":")" + digest + "\"}]}"),
              HasSubstr("/files"));
  const IpfsPinKind pin;
  EXPECT_THAT(refused(pin, R"({"name":"x"})"), HasSubstr("/cid"));
  EXPECT_THAT(refused(pin, R"({"cid":"x"})"), HasSubstr("/cid"));
  const std::string cid = R"({"cid":")" + std::string(kHello) + "\"";
  EXPECT_THAT(refused(pin, cid + R"(,"until":"2030-01-01T00:00:00Z","for":"1h"})"),
              HasSubstr("/for"));
  EXPECT_THAT(refused(pin, cid + R"(,"nodes":["http://x"]})"), HasSubstr("/nodes"));
  EXPECT_THAT(refused(pin, cid + R"(,"copies":1,"nodes":["x"]})"), HasSubstr("/nodes"));
  EXPECT_EQ(refused(pin, cid + R"(,"copies":2,"for":"30d"})"), "(taken)");
  EXPECT_THAT(refused(IpfsUnpinKind(), R"({"cid":"x"})"), HasSubstr("/cid"));
  EXPECT_THAT(refused(IpfsGcKind(), R"({"cid":"x"})"), HasSubstr("cid"));
}

}  // namespace
}  // namespace waybill
