#include "http/body_stream.h"

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace waybill::http {
namespace {

/// The reader's side.
struct Reader {
  explicit Reader(BodyStream& from) : stream(from) {}

  BodyStream::Read read(std::size_t size = 100) {
    std::array<char, 100> buffer{};
    std::size_t got = 0;
    const auto read = stream.read(
        buffer.data(), size, got, [this] { ++slept; }, [this] { ++woken; });
    text.append(buffer.data(), got);
    return read;
  }

  BodyStream& stream;
  std::string text;
  int slept = 0;
  int woken = 0;
};

TEST(BodyStream, GivesWhatWasWrittenInPiecesOfAnySize) {
  BodyStream stream;
  Reader reader(stream);
  EXPECT_TRUE(stream.write("abc"));
  EXPECT_TRUE(stream.write("def"));
  EXPECT_EQ(stream.waiting(), 6u);
  EXPECT_EQ(reader.read(4), BodyStream::Read::some);
  EXPECT_EQ(reader.read(4), BodyStream::Read::some);
  EXPECT_EQ(reader.text, "abcdef");
  EXPECT_EQ(stream.waiting(), 0u);
}

TEST(BodyStream, WakesAReaderThatSleepsOnce) {
  BodyStream stream;
  Reader reader(stream);
  EXPECT_EQ(reader.read(), BodyStream::Read::empty);
  EXPECT_EQ(reader.slept, 1);
  EXPECT_EQ(reader.woken, 0);
  stream.write("a");
  stream.write("b");
  EXPECT_EQ(reader.woken, 1);
  EXPECT_EQ(reader.read(), BodyStream::Read::some);
  EXPECT_EQ(reader.text, "ab");
}

TEST(BodyStream, EndsWhenAllThatWasWrittenIsRead) {
  BodyStream stream;
  Reader reader(stream);
  EXPECT_EQ(reader.read(), BodyStream::Read::empty);
  stream.write("last");
  stream.end();
  EXPECT_EQ(reader.woken, 1);
  EXPECT_EQ(reader.read(), BodyStream::Read::some);
  EXPECT_EQ(reader.read(), BodyStream::Read::ended);
  EXPECT_EQ(reader.slept, 1);
}

TEST(BodyStream, GivesBackWhatWasSentThoughSomethingAlwaysWaits) {
  BodyStream stream;
  Reader reader(stream);
  stream.write(std::string(100, 'a'));
  for (int i = 0; i < 100'000; ++i) {
    stream.write("0123456789");
    EXPECT_EQ(reader.read(10), BodyStream::Read::some);
  }
  EXPECT_EQ(stream.waiting(), 100u);
  EXPECT_LT(stream.held(), 200'000u) << "of a million bytes that went through";
}

TEST(BodyStream, TellsTheWriterThatTheReaderIsGone) {
  BodyStream stream;
  Reader reader(stream);
  EXPECT_EQ(reader.read(), BodyStream::Read::empty);
  EXPECT_FALSE(stream.is_closed());
  stream.close();
  EXPECT_TRUE(stream.is_closed());
  EXPECT_FALSE(stream.write("a"));
  EXPECT_EQ(reader.woken, 0) << "nobody is there to be woken";
}

TEST(BodyStream, TakesNothingMoreOnceItHasEnded) {
  BodyStream stream;
  Reader reader(stream);
  EXPECT_TRUE(stream.write("abc"));
  stream.end();
  EXPECT_FALSE(stream.write("def"));
  EXPECT_EQ(reader.read(), BodyStream::Read::some);
  EXPECT_EQ(reader.read(), BodyStream::Read::ended);
  EXPECT_EQ(reader.text, "abc");
  EXPECT_EQ(stream.error(), std::nullopt);
}

TEST(BodyStream, EndsWithoutWhatWasNotSentIfSomethingWentWrong) {
  BodyStream stream;
  Reader reader(stream);
  EXPECT_TRUE(stream.write("abc"));
  stream.end(Error{.code = Code::unauthenticated, .message = "revoked"});
  stream.end(Error{.code = Code::internal, .message = "later"});
  EXPECT_EQ(reader.read(), BodyStream::Read::ended);
  EXPECT_EQ(stream.error()->message, "revoked");
}

}  // namespace
}  // namespace waybill::http
