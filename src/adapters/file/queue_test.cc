#include "adapters/file/queue.h"

#include <gmock/gmock.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <boost/json.hpp>
#include <filesystem>
#include <fstream>
#include <map>
#include <thread>

#include "base/json.h"
#include "testing/forwarding_queue.h"
#include "testing/temporary_directory.h"
#include "tests/conformance/queue/suite.h"

namespace waybill {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class FileQueueTest : public testing::Test {
 protected:
  std::string text() const {
    std::ifstream stream(path_, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
  }
  std::vector<std::string> lines() const {
    std::vector<std::string> all;
    std::ifstream stream(path_, std::ios::binary);
    for (std::string line; std::getline(stream, line);) all.push_back(line);
    return all;
  }

  TemporaryDirectory directory_;
  std::string path_ = directory_.path() + "/tasks.jsonl";
  FileQueue queue_{path_};
};

TEST_F(FileQueueTest, AMessageIsALineWithItsIdAndBody) {
  ASSERT_TRUE(queue_.publish(std::vector<Message>{{.id = "1", .body = "{\"n\":1}\n"}}));
  EXPECT_EQ(text(), "{\"id\":\"1\",\"body\":\"{\\\"n\\\":1}\\n\"}\n");
}

TEST_F(FileQueueTest, AttributesStandInAnObject) {
  ASSERT_TRUE(queue_.publish(
      std::vector<Message>{{.id = "1", .body = "b", .attributes = {{"a", "x"}, {"c", ""}}}}));
  EXPECT_EQ(text(), "{\"id\":\"1\",\"attributes\":{\"a\":\"x\",\"c\":\"\"},\"body\":\"b\"}\n");
}

TEST_F(FileQueueTest, ABodyThatIsNotUtf8IsInBase64) {
  ASSERT_TRUE(queue_.publish(std::vector<Message>{{.id = "1", .body = "\xff\xfe"}}));
  EXPECT_EQ(text(), "{\"id\":\"1\",\"body_base64\":\"//4=\"}\n");
}

TEST_F(FileQueueTest, AnIdThatIsNotUtf8IsRefusedAlone) {
  const auto answers =
      queue_.publish(std::vector<Message>{{.id = "\xff", .body = "a"}, {.id = "2", .body = "b"}});
  ASSERT_TRUE(answers);
  EXPECT_EQ((*answers)[0].error().code, Code::invalid_argument);
  EXPECT_THAT(lines(), ElementsAre("{\"id\":\"2\",\"body\":\"b\"}"));
}

TEST_F(FileQueueTest, WhatIsThereIsKeptAndHalfALineIsEnded) {
  std::ofstream(path_) << "{\"id\":\"0\",\"body\":\"\"}\n{\"id\":\"of a dea";
  ASSERT_TRUE(queue_.publish(std::vector<Message>{{.id = "2", .body = "b"}}));
  EXPECT_THAT(lines(), ElementsAre("{\"id\":\"0\",\"body\":\"\"}", "{\"id\":\"of a dea",
                                   "{\"id\":\"2\",\"body\":\"b\"}"));
}

TEST_F(FileQueueTest, AFileThatWasRenamedAwayIsBegunAnew) {
  ASSERT_TRUE(queue_.publish(std::vector<Message>{{.id = "1", .body = "a"}}));
  std::filesystem::rename(path_, path_ + ".1");
  ASSERT_TRUE(queue_.publish(std::vector<Message>{{.id = "2", .body = "b"}}));
  EXPECT_THAT(lines(), ElementsAre("{\"id\":\"2\",\"body\":\"b\"}"));
}

TEST_F(FileQueueTest, ADirectoryThatIsNotThereIsNamed) {
  FileQueue queue(directory_.path() + "/missing/tasks.jsonl");
  const auto answers = queue.publish(std::vector<Message>{{.id = "1", .body = "a"}});
  ASSERT_FALSE(answers);
  EXPECT_EQ(answers.error().code, Code::not_found);
  EXPECT_THAT(answers.error().message, HasSubstr("missing/tasks.jsonl"));
}

TEST_F(FileQueueTest, ACallThatDoesNotFitLeavesNoPartOfItself) {
  ASSERT_TRUE(queue_.publish(std::vector<Message>{{.id = "1", .body = "a"}}));
  const std::string before = text();
  rlimit old{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &old), 0);
  const auto handler = ::signal(SIGXFSZ, SIG_IGN);  // write then answers EFBIG
  const rlimit small{.rlim_cur = before.size() + 30, .rlim_max = old.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  const auto answers = queue_.publish(numbered_messages(2, 9));
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &old), 0);
  ::signal(SIGXFSZ, handler);
  ASSERT_FALSE(answers);
  EXPECT_EQ(text(), before);
}

TEST_F(FileQueueTest, LinesOfManyWritersStayWholeAndTogether) {
  constexpr int kWriters = 4;
  constexpr int kCalls = 50;
  {
    std::vector<std::jthread> threads;
    for (int writer = 0; writer < kWriters; ++writer) {
      threads.emplace_back([&, writer] {
        FileQueue queue(path_);  // its own, as in another process
        for (int call = 0; call < kCalls; ++call) {
          const std::string id = std::to_string(writer) + "." + std::to_string(call);
          const std::string body(3000, 'x');
          const auto answers =
              queue.publish(std::vector<Message>{{.id = id, .body = body}, {.id = id}});
          ASSERT_TRUE(answers) << answers.error().message;
        }
      });
    }
  }
  std::map<std::string, std::vector<std::size_t>> places;
  const auto all = lines();
  for (std::size_t i = 0; i < all.size(); ++i) {
    const auto value = json::parse(all[i]);
    ASSERT_TRUE(value) << all[i];
    places[std::string(value->at("id").as_string())].push_back(i);
  }
  EXPECT_EQ(places.size(), static_cast<std::size_t>(kWriters * kCalls));
  for (const auto& [id, at] : places) {
    ASSERT_EQ(at.size(), 2u) << id;
    EXPECT_EQ(at[1], at[0] + 1) << id;
  }
}

std::unique_ptr<Queue> make_own(Clock&, const QueueLimits& limits) {
  auto directory = std::make_unique<TemporaryDirectory>();
  auto queue =
      std::make_unique<FileQueue>(directory->path() + "/tasks.jsonl",
                                  FileQueueOptions{.body_bytes_max = limits.body_bytes_max});
  return std::make_unique<GroundedQueue<TemporaryDirectory>>(std::move(directory),
                                                             std::move(queue));
}

INSTANTIATE_TEST_SUITE_P(File, QueueConformance,
                         testing::Values(QueueImplementation{.name = "file", .make = make_own}),
                         [](const auto& instance) { return instance.param.name; });

}  // namespace
}  // namespace waybill
