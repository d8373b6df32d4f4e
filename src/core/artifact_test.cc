#include "core/artifact.h"

#include <gtest/gtest.h>

#include <vector>

namespace waybill {
namespace {

Artifact artifact_named(std::string name) {
  return {.name = std::move(name),
          .sha256 = std::string(64, 'a'),
          .size_bytes = 1,
          .media_type = "text/plain",
          .created_at = {}};
}

TEST(Artifact, NamesThatStayBelowTheirDirectoryAreFine) {
  for (const char* name : {"a", "a.csv", "a/b/c.txt", "...", ".hidden", "a b", "über/größe.txt",
                           "-rf", "a..b", "CON"}) {
    EXPECT_TRUE(check_artifact_name(name)) << name;
  }
  EXPECT_TRUE(check_artifact_name(std::string(1000, 'x')));
}

TEST(Artifact, NamesThatCouldLeaveTheirDirectoryOrSteerATerminalAreRefused) {
  using std::string_literals::operator""s;
  for (const std::string& name :
       {""s, "/etc/passwd"s, ".."s, "../a"s, "a/../b"s, "a/.."s, "."s, "./a"s, "a//b"s, "a/"s,
        "a\0b"s, "a\nb"s, "\x1b[2J"s, "a\x7f"s, "a\\b"s, "a\xc2\x9bz"s, "a\xff"s, "\xc0\xae"s,
        std::string(1001, 'x')}) {
    const Status checked = check_artifact_name(name);
    ASSERT_FALSE(checked) << name;
    EXPECT_EQ(checked.error().code, Code::invalid_argument);
    for (const char c : checked.error().message) {
      EXPECT_GE(static_cast<unsigned char>(c), 0x20) << checked.error().message;
    }
  }
}

TEST(Artifact, AMediaTypeIsATypeAndASubtype) {
  for (const char* type : {"text/csv", "text/html; charset=utf-8", "application/vnd.a+json"}) {
    EXPECT_TRUE(check_media_type(type)) << type;
  }
  for (const char* type : {"", "text", "/csv", "text/", "text/csv\r\nX: y", "a b/c", "ü/x"}) {
    EXPECT_FALSE(check_media_type(type)) << type;
  }
}

TEST(Artifact, OfOneAttemptNoNameIsThereTwiceOrBelowAnother) {
  EXPECT_TRUE(check_artifacts(std::vector{artifact_named("a"), artifact_named("b/c")}));
  EXPECT_FALSE(check_artifacts(std::vector{artifact_named("a"), artifact_named("a")}));
  // "a.b" stands between the two by bytes.
  EXPECT_FALSE(check_artifacts(
      std::vector{artifact_named("a"), artifact_named("a.b"), artifact_named("a/c/d")}));
  EXPECT_TRUE(check_artifacts(std::vector{artifact_named("a.b"), artifact_named("a/c")}));
}

TEST(Artifact, OneThatIsNotWellFormedIsNamed) {
  Artifact wrong = artifact_named("x");
  wrong.sha256[0] = 'A';
  const Status checked = check_artifacts(std::vector{wrong});
  ASSERT_FALSE(checked);
  EXPECT_NE(checked.error().message.find("\"x\""), std::string::npos);
  wrong = artifact_named("x");
  wrong.size_bytes = -1;
  EXPECT_FALSE(check_artifacts(std::vector{wrong}));
  EXPECT_FALSE(check_artifacts(std::vector<Artifact>(kArtifactsMax + 1, artifact_named("x"))));
}

TEST(Artifact, ASpecSaysHowManyBytesTheyMayHaveTogether) {
  EXPECT_EQ(artifact_bytes_max(R"({"limits":{"artifacts":"10MiB"}})"), 10 << 20);
  for (const char* spec : {"", "{}", "[]", R"({"limits":3})", R"({"limits":{"artifacts":"much"}})",
                           R"({"limits":{"artifacts":7}})"}) {
    EXPECT_EQ(artifact_bytes_max(spec), kArtifactBytesDefault) << spec;
  }
  std::vector<Artifact> artifacts(3, artifact_named("x"));
  for (Artifact& artifact : artifacts) artifact.size_bytes = 4;
  EXPECT_TRUE(check_artifact_bytes(artifacts, 12));
  EXPECT_EQ(check_artifact_bytes(artifacts, 11).error().code, Code::out_of_range);
  artifacts[2].size_bytes = INT64_MAX;
  EXPECT_FALSE(check_artifact_bytes(artifacts, INT64_MAX));
}

TEST(Artifact, TheEndOfItsNameTellsItsMediaType) {
  EXPECT_EQ(media_type_of("out/A.CSV"), "text/csv");
  EXPECT_EQ(media_type_of("a.tar.gz"), "application/gzip");
  EXPECT_EQ(media_type_of("csv"), "application/octet-stream");
  EXPECT_EQ(media_type_of("dir.csv/file"), "application/octet-stream");
}

}  // namespace
}  // namespace waybill
