#include "core/prio/message.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "base/utf8.h"
#include "core/prio/object_name.h"

namespace waybill::prio {
namespace {

constexpr std::string_view kIntake =
    R"({"trace-id":"46efa7ed-b1c6-4905-9378-815a59756c84","aggregation-id":"kittens-seen",)"
    R"("batch-id":"7df51646-b3a8-55d8-af8c-12ba188e8469","date":"2020/11/01/11/20"})";
constexpr std::string_view kAggregate =
    R"({"trace-id":"d3f80d78-c37f-4651-b661-ded988b59f9e","aggregation-id":"kittens-seen",)"
    R"("aggregation-start":"2020/10/31/06/00","aggregation-end":"2020/10/31/09/00","batches":[)"
    R"({"id":"783bee00-befb-572a-bb2c-a9aa72c0b988","time":"2020/10/31/06/00"},)"
    R"({"id":"7c8cdace-2de8-5ec2-8882-fefadc1b6fb8","time":"2020/10/31/07/30"},)"
    R"({"id":"cbe4fc4a-7749-516e-88c3-ce8013d06792","time":"2020/10/31/08/59"}]})";

std::string go_string(std::string_view text) {
  std::string out;
  append_go_string(out, text);
  return out;
}

TEST(Message, IsWrittenByteForByteAsTheOriginalsWasSeen) {
  const auto intake = decode_intake(kIntake);
  ASSERT_TRUE(intake) << intake.error().message;
  EXPECT_EQ(intake->batch_id, "7df51646-b3a8-55d8-af8c-12ba188e8469");
  EXPECT_EQ(encode(*intake), kIntake);
  const auto aggregate = decode_aggregate(kAggregate);
  ASSERT_TRUE(aggregate) << aggregate.error().message;
  EXPECT_EQ(aggregate->batches.size(), 3u);
  EXPECT_EQ(encode(*aggregate), kAggregate);
}

TEST(Message, EscapesAsGoDoes) {
  EXPECT_EQ(go_string("a&b<c>d"), R"("a\u0026b\u003cc\u003ed")");
  EXPECT_EQ(go_string("q'uo\"te\\/"), R"("q'uo\"te\\/")");
  EXPECT_EQ(go_string("\n\r\t\b\f\x01\x1f\x7f"), "\"\\n\\r\\t\\u0008\\u000c\\u0001\\u001f\x7f\"");
  EXPECT_EQ(go_string("\u2028\u2029\u2027\u202a"), "\"\\u2028\\u2029\u2027\u202a\"");
  EXPECT_EQ(go_string("Ünï猫😺"), "\"Ünï猫😺\"");
  EXPECT_EQ(go_string("a\xff\xc3(\xed\xa0\x80"), R"("a\ufffd\ufffd(\ufffd\ufffd\ufffd")");
  EXPECT_EQ(go_string("\ufffd"), "\"\ufffd\"");
}

TEST(Message, IsReadInAnyOrderAndUnknownFieldsAreIgnored) {
  const auto intake =
      decode_intake(R"({"date":"2020/11/01/11/20","x":[1],"batch-id":"b","aggregation-id":"a",)"
                    R"("trace-id":"46efa7ed-b1c6-4905-9378-815a59756c84"})");
  ASSERT_TRUE(intake);
  EXPECT_EQ(intake->aggregation_id, "a");
  const auto none = decode_aggregate(
      R"({"trace-id":"46efa7ed-b1c6-4905-9378-815a59756c84","aggregation-id":"a",)"
      R"("aggregation-start":"2020/10/31/06/00","aggregation-end":"2020/10/31/09/00",)"
      R"("batches":[]})");
  ASSERT_TRUE(none);
  EXPECT_TRUE(none->batches.empty());
}

/// The message with one piece of text replaced.
std::string with(std::string_view message, std::string_view old, std::string_view changed) {
  std::string text(message);
  const auto found = text.find(old);
  EXPECT_NE(found, std::string::npos) << old;
  return text.replace(found, old.size(), changed);
}

TEST(Message, ThatIsWrongIsRefusedByTheField) {
  const std::pair<std::string, std::string_view> intakes[] = {
      {"[]", "the message is not a JSON object"},
      {"{", "reading the message: not JSON"},
      {with(kIntake, "trace-id", "trace"), "field trace-id of the message is missing"},
      {with(kIntake, "46efa7ed", "46efa7e"), "field trace-id of the message is not a UUID"},
      {with(kIntake, "\"kittens-seen\"", "7"),
       "field aggregation-id of the message is not a string"},
      {with(kIntake, "batch-id", "batch"), "field batch-id of the message is missing"},
      {with(kIntake, "/11/20\"", "/11/60\""),
       "field date of the message is not a time of the form YYYY/MM/DD/HH/mm"}};
  for (const auto& [text, message] : intakes) {
    const auto result = decode_intake(text);
    ASSERT_FALSE(result) << text;
    EXPECT_EQ(result.error().code, Code::invalid_argument);
    EXPECT_TRUE(result.error().message.starts_with(message)) << result.error().message;
  }
  const std::pair<std::string, std::string_view> aggregates[] = {
      {with(kAggregate, "aggregation-end", "end"),
       "field aggregation-end of the message is missing"},
      {with(kAggregate, "batches", "batch"), "field batches of the message is missing"},
      {with(kAggregate, "/07/30", "/07/3"), "field batches[1].time of the message is not a time"},
      {with(kAggregate, "\"783bee00-befb-572a-bb2c-a9aa72c0b988\"", "null"),
       "field batches[0].id of the message is not a string"},
      {with(kAggregate, "[{", "[7,{"), "field batches[0] of the message is not an object"}};
  for (const auto& [text, message] : aggregates) {
    const auto result = decode_aggregate(text);
    ASSERT_FALSE(result) << text;
    EXPECT_TRUE(result.error().message.starts_with(message)) << result.error().message;
  }
}

RC_GTEST_PROP(Message, IsReadAsItWasWritten, ()) {
  const auto text = rc::gen::suchThat(rc::gen::container<std::string>(rc::gen::element(
                                          'a', '"', '\\', '<', '\n', '\x01', '\0', '/')),
                                      [](const std::string& s) { return is_utf8(s); });
  const auto minute = rc::gen::map(rc::gen::inRange<std::int64_t>(0, 100'000'000),
                                   [](auto m) { return Time(std::chrono::minutes(m)); });
  AggregateMessage message{.trace_id = uuid_v5(kTaskNamespace, *text),
                           .aggregation_id = *text,
                           .begin = *minute,
                           .end = *minute};
  for (int i = *rc::gen::inRange(0, 4); i > 0; --i) {
    message.batches.push_back({.id = *text, .time = *minute});
  }
  const auto read = decode_aggregate(encode(message));
  RC_ASSERT(read.has_value());
  RC_ASSERT(*read == message);
  const IntakeMessage intake{.trace_id = message.trace_id,
                             .aggregation_id = message.aggregation_id,
                             .batch_id = *text,
                             .date = message.begin};
  const auto read_intake = decode_intake(encode(intake));
  RC_ASSERT(read_intake.has_value());
  RC_ASSERT(*read_intake == intake);
}

}  // namespace
}  // namespace waybill::prio
