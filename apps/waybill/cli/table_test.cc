#include "apps/waybill/cli/table.h"

#include <gtest/gtest.h>

namespace waybill::cli {
namespace {

TEST(TableTest, ColumnsAreAsWideAsTheirWidestCell) {
  const Output plain(OutputMode{});
  Table table({"ID", "STATE"});
  table.add({"1", "ready"});
  table.add({"2000", ""});
  EXPECT_EQ(table.text(plain), "ID    STATE\n1     ready\n2000\n");
}

TEST(TableTest, WidthsCountCharactersNotBytes) {
  const Output plain(OutputMode{});
  Table table({"A", "B"});
  table.add({"öä", "x"});
  EXPECT_EQ(table.text(plain), "A   B\nöä  x\n");
}

TEST(TableTest, ColoursAreShownOnTerminalsOnly) {
  Table table({"A"});
  table.add({{"x", Colour::red}});
  EXPECT_EQ(table.text(Output(OutputMode{})), "A\nx\n");
  EXPECT_EQ(table.text(Output(OutputMode{.colour_out = true})),
            "\x1b[90mA\x1b[0m\n\x1b[31mx\x1b[0m\n");
  EXPECT_EQ(table.text(Output(OutputMode{.json = true, .colour_out = true})), "A\nx\n");
}

TEST(TableTest, NothingInACellCanSteerATerminal) {
  EXPECT_EQ(printable("a\x1b[31m\nb\tc\x7f"), "a?[31m b c?");
}

TEST(TableTest, NothingInACellCanSteerATerminalInUnicodeEither) {
  EXPECT_EQ(printable("a\u009b31mb"), "a?31mb") << "CSI as one character";
  EXPECT_EQ(printable("a\u202eb\u2066c\u200f"), "a?b?c?") << "the direction of the text";
  EXPECT_EQ(printable("a\u200bb\ufeff"), "a?b?") << "characters that are not seen";
  EXPECT_EQ(printable("a\xff\x9b"), "a??") << "bytes that are no characters";
  EXPECT_EQ(printable("ä€😀"), "ä€😀");
}

TEST(TableTest, LinesStayLines) {
  EXPECT_EQ(printable_lines("a\x1b\nb\n"), "a?\nb\n");
  EXPECT_EQ(printable_lines(std::string(500, 'x')), std::string(500, 'x'));
}

TEST(TableTest, LongTextsAreCutBetweenCharacters) {
  EXPECT_EQ(printable("äöü", 3), "äöü");
  EXPECT_EQ(printable("äöü", 2), "äö…");
}

}  // namespace
}  // namespace waybill::cli
