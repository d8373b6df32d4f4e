#include <gmock/gmock.h>

#include <thread>

#include "testing/builders.h"
#include "tests/conformance/log_store/suite.h"

namespace waybill {

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(LogStoreConformance);

void LogStoreConformance::append(const Uuid& task, LogChunk chunk) {
  const Status appended = store().append(task, chunk);
  ASSERT_TRUE(appended.has_value()) << appended.error().message;
}

std::vector<LogChunk> LogStoreConformance::read(const Uuid& task, std::string& cursor,
                                                std::size_t limit) {
  std::vector<LogChunk> chunks;
  for (int pages = 0; pages < 10'000; ++pages) {
    const auto page = store().read(task, cursor, limit);
    EXPECT_TRUE(page.has_value()) << page.error().message;
    cursor = page->next_cursor;
    if (page->chunks.empty()) return chunks;
    chunks.insert(chunks.end(), page->chunks.begin(), page->chunks.end());
  }
  ADD_FAILURE() << "the pages do not end";
  return chunks;
}

std::vector<LogChunk> LogStoreConformance::read_all(const Uuid& task) {
  std::string cursor;
  return read(task, cursor);
}

namespace {

using namespace std::chrono_literals;
using ::testing::IsEmpty;

constexpr Time kStart = Time(1'800'000'000s);

LogChunk chunk(std::string bytes, std::uint32_t attempt = 1, LogStream stream = LogStream::out) {
  return {.attempt = attempt, .at = kStart, .stream = stream, .bytes = std::move(bytes)};
}

std::string text_of(const std::vector<LogChunk>& chunks) {
  std::string text;
  for (const LogChunk& one : chunks) text += one.bytes;
  return text;
}

TEST_P(LogStoreConformance, ATaskWithoutOutputGivesAnEmptyPage) {
  const auto page = store().read(task_id(1), "", 100);
  ASSERT_TRUE(page.has_value()) << page.error().message;
  EXPECT_THAT(page->chunks, IsEmpty());
}

TEST_P(LogStoreConformance, AChunkComesBackWithAttemptTimeStreamAndBytes) {
  const std::string bytes("a\0b\xff\n", 5);
  append(task_id(1), {.attempt = 1, .at = kStart + 17us, .stream = LogStream::err, .bytes = bytes});
  const auto chunks = read_all(task_id(1));
  ASSERT_EQ(chunks.size(), 1u);
  EXPECT_EQ(chunks[0].attempt, 1u);
  EXPECT_EQ(chunks[0].at, kStart + 17us);
  EXPECT_EQ(chunks[0].stream, LogStream::err);
  EXPECT_EQ(chunks[0].bytes, bytes);
}

TEST_P(LogStoreConformance, StreamsStayInTheOrderInWhichTheyWereWritten) {
  append(task_id(1), chunk("1", 1, LogStream::out));
  append(task_id(1), chunk("2", 1, LogStream::err));
  append(task_id(1), chunk("3", 1, LogStream::out));
  append(task_id(1), chunk("4", 1, LogStream::system));
  EXPECT_EQ(text_of(read_all(task_id(1))), "1234");
  EXPECT_EQ(read_all(task_id(1)).at(1).stream, LogStream::err);
}

TEST_P(LogStoreConformance, AttemptsFollowEachOther) {
  append(task_id(1), chunk("one", 1));
  append(task_id(1), chunk("two", 2));
  append(task_id(1), chunk("three", 3));
  const auto chunks = read_all(task_id(1));
  EXPECT_EQ(text_of(chunks), "onetwothree");
  EXPECT_EQ(chunks.back().attempt, 3u);
}

TEST_P(LogStoreConformance, TasksAreKeptApart) {
  append(task_id(1), chunk("mine"));
  append(task_id(2), chunk("yours"));
  EXPECT_EQ(text_of(read_all(task_id(1))), "mine");
  EXPECT_EQ(text_of(read_all(task_id(2))), "yours");
}

TEST_P(LogStoreConformance, ACursorGoesOnLaterWithWhatHasComeSince) {
  std::string cursor;
  append(task_id(1), chunk("first"));
  EXPECT_EQ(text_of(read(task_id(1), cursor)), "first");
  EXPECT_THAT(read(task_id(1), cursor), IsEmpty());
  append(task_id(1), chunk("second"));
  append(task_id(1), chunk("third", 2));
  EXPECT_EQ(text_of(read(task_id(1), cursor)), "secondthird");
}

TEST_P(LogStoreConformance, ACursorOfAnEmptyLogGoesOnWhenOutputComes) {
  std::string cursor;
  EXPECT_THAT(read(task_id(1), cursor), IsEmpty());
  append(task_id(1), chunk("hello"));
  EXPECT_EQ(text_of(read(task_id(1), cursor)), "hello");
}

TEST_P(LogStoreConformance, PagesAreAboutAsBigAsAskedAndTogetherComplete) {
  std::string whole;
  for (int i = 0; i < 100; ++i) {
    const std::string line = "line " + std::to_string(i) + "\n";
    append(task_id(1), chunk(line, i < 60 ? 1 : 2));
    whole += line;
  }
  const auto page = store().read(task_id(1), "", 100);
  ASSERT_TRUE(page.has_value());
  EXPECT_GT(text_of(page->chunks).size(), 0u);
  EXPECT_LE(text_of(page->chunks).size(), 200u);
  std::string cursor;
  EXPECT_EQ(text_of(read(task_id(1), cursor, 50)), whole);
}

TEST_P(LogStoreConformance, AChunkThatIsBiggerThanThePageIsNotStuck) {
  append(task_id(1), chunk(std::string(10'000, 'x')));
  append(task_id(1), chunk("end"));
  std::string cursor;
  EXPECT_EQ(text_of(read(task_id(1), cursor, 10)).size(), 10'003u);
}

TEST_P(LogStoreConformance, ACursorThatIsNotOursIsRefused) {
  append(task_id(1), chunk("x"));
  for (const std::string cursor : {"nonsense", "1", "1:", ":1", "1:-1", "-1:1", "1:2:3", "1:x",
                                   "4294967296:0", "1:9223372036854775808"}) {
    const auto page = store().read(task_id(1), cursor, 100);
    ASSERT_FALSE(page.has_value()) << cursor;
    EXPECT_EQ(page.error().code, Code::invalid_argument) << cursor;
  }
}

TEST_P(LogStoreConformance, NothingIsBeyondTheEndOfALog) {
  append(task_id(1), chunk("x"));
  for (std::string cursor : {"1:1000000", "1:9223372036854775807", "1:9223372036854775800",
                             "2:9223372036854775807", "4294967295:0"}) {
    EXPECT_THAT(read(task_id(1), cursor), IsEmpty()) << cursor;
  }
}

TEST_P(LogStoreConformance, ARemovedLogIsGoneAndMayBeRemovedAgain) {
  append(task_id(1), chunk("x"));
  append(task_id(2), chunk("y"));
  EXPECT_TRUE(store().remove(task_id(1)).has_value());
  EXPECT_TRUE(store().remove(task_id(1)).has_value());
  EXPECT_THAT(read_all(task_id(1)), IsEmpty());
  EXPECT_EQ(text_of(read_all(task_id(2))), "y");
}

TEST_P(LogStoreConformance, EachTaskThatHasALogIsListedOnce) {
  std::vector<Uuid> written;
  for (int number = 1; number <= 40; ++number) {
    append(task_id(number), chunk("x", 1));
    append(task_id(number), chunk("x", 2));
    if (number > 1) written.push_back(task_id(number));
  }
  ASSERT_TRUE(store().remove(task_id(1)).has_value());
  std::vector<Uuid> listed;
  std::string cursor;
  do {
    const auto page = store().logged(cursor);
    ASSERT_TRUE(page.has_value()) << page.error().message;
    listed.insert(listed.end(), page->ids.begin(), page->ids.end());
    cursor = page->next_cursor;
  } while (!cursor.empty() && listed.size() < 1000);
  EXPECT_THAT(listed, ::testing::UnorderedElementsAreArray(written));
  EXPECT_EQ(store().logged("nonsense").error().code, Code::invalid_argument);
}

TEST_P(LogStoreConformance, AStoreWithoutLogsListsNone) {
  const auto page = store().logged("");
  ASSERT_TRUE(page.has_value()) << page.error().message;
  EXPECT_THAT(page->ids, IsEmpty());
  EXPECT_EQ(page->next_cursor, "");
}

TEST_P(LogStoreConformance, ABatchIsWrittenOnceHoweverOftenItComes) {
  const std::vector<LogChunk> first = {chunk("1"), chunk(""), chunk("2", 1, LogStream::err)};
  const std::vector<LogChunk> second = {chunk("3"), chunk("4")};
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(store().append_all(task_id(1), first, 0));
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(store().append_all(task_id(1), second, 2));
  EXPECT_EQ(text_of(read_all(task_id(1))), "1234");
  EXPECT_EQ(read_all(task_id(1)).at(1).stream, LogStream::err);
  ASSERT_TRUE(store().append_all(task_id(1), std::vector{chunk("next", 2)}, 0));
  EXPECT_EQ(text_of(read_all(task_id(1))), "1234next") << "each attempt is counted for itself";
}

TEST_P(LogStoreConformance, OfABatchThatIsThereInPartTheRestIsWritten) {
  append(task_id(1), chunk("1"));
  append(task_id(1), chunk("2"));
  ASSERT_TRUE(store().append_all(task_id(1), std::vector{chunk("2"), chunk("3"), chunk("4")}, 1));
  EXPECT_EQ(text_of(read_all(task_id(1))), "1234");
  ASSERT_TRUE(store().append_all(task_id(1), std::vector{chunk("7")}, 6));
  EXPECT_EQ(text_of(read_all(task_id(1))), "12347") << "what was lost before is no reason";
}

TEST_P(LogStoreConformance, ABatchWithoutACountIsWrittenAsItComes) {
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(store().append_all(task_id(1), std::vector{chunk("a"), chunk("b")}, std::nullopt));
  }
  EXPECT_EQ(text_of(read_all(task_id(1))), "abab");
}

TEST_P(LogStoreConformance, ManyTasksWriteAtOnce) {
  {
    std::vector<std::jthread> writers;
    for (int t = 1; t <= 6; ++t) {
      writers.emplace_back([&, t] {
        for (int i = 0; i < 50; ++i) append(task_id(t), chunk(std::to_string(t)));
      });
    }
  }
  for (int t = 1; t <= 6; ++t) {
    EXPECT_EQ(text_of(read_all(task_id(t))), std::string(50, static_cast<char>('0' + t)));
  }
}

}  // namespace
}  // namespace waybill
