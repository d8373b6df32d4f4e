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

TEST(TableTest, LongTextsAreCutBetweenCharacters) {
  EXPECT_EQ(printable("äöü", 3), "äöü");
  EXPECT_EQ(printable("äöü", 2), "äö…");
}

}  // namespace
}  // namespace waybill::cli
