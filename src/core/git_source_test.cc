#include "core/git_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace waybill {
namespace {

using testing::HasSubstr;

TEST(GitSourceTest, ReadsRepositoryRefAndDirectory) {
  const auto whole = parse_git_source("https://git.example/acme/defs.git#release/2:tasks/nightly/");
  ASSERT_TRUE(whole) << whole.error().message;
  EXPECT_EQ(whole->repository, "https://git.example/acme/defs.git");
  EXPECT_EQ(whole->ref, "release/2");
  EXPECT_EQ(whole->directory, "tasks/nightly");
  EXPECT_EQ(whole->protocol, "https");
  EXPECT_FALSE(whole->is_commit());
  const auto bare = parse_git_source("/srv/git/defs");
  ASSERT_TRUE(bare) << bare.error().message;
  EXPECT_EQ(bare->ref, "");
  EXPECT_EQ(bare->directory, "");
  EXPECT_EQ(bare->protocol, "file");
}

TEST(GitSourceTest, TakesWhatGitTakes) {
  for (const char* text :
       {"git@github.com:acme/defs.git", "ssh://git@host:2222/srv/defs#v1", "file:///srv/defs",
        "http://127.0.0.1:8080/defs#main", "http://[::1]:8080/defs", "/srv/defs#refs/tags/v1",
        "https://gist.github.com/0123456789abcdef.git", "/srv/defs#main:a b/c",
        "/srv/defs#0123456789012345678901234567890123456789"}) {
    const auto source = parse_git_source(text);
    EXPECT_TRUE(source) << source.error().message;
  }
  EXPECT_EQ(parse_git_source("git@github.com:acme/defs.git")->protocol, "ssh");
  EXPECT_TRUE(parse_git_source("/d#0123456789012345678901234567890123456789")->is_commit());
}

struct Wrong {
  const char* text;
  const char* why;
};

TEST(GitSourceTest, RefusesWhatGitCouldTakeForSomethingElse) {
  const Wrong wrong[] = {
      {"", "names no repository"},
      {"--upload-pack=touch /tmp/x", "must not begin with '-'"},
      {"-oProxyCommand=x", "must not begin with '-'"},
      {"ext::sh -c x", "printable"},
      {"ext::sh", "helper"},
      {"fd::17", "helper"},
      {"ext::[x]", "helper"},
      {"ext::x://y/z", "helper"},
      {"ftp://host/x", "https, ssh or file"},
      {"git://host/x", "https, ssh or file"},
      {"defs", "absolute path"},
      {"./defs", "absolute path"},
      {"https://user:secret@host/x", "password"},
      {"https://host", "names no repository"},
      {"http://host/x", "in the clear"},
      {"http://127.0.0.1.evil.example/x", "in the clear"},
      {"ssh://-oProxyCommand=x/y", "names no host"},
      {"ssh://user@-oProxyCommand/y", "names no host"},
      {"-host:path", "must not begin"},
      {"u@-host:path", "names no host"},
      {"host:-path", "names no repository"},
      {"https://ho st/x", "printable"},
      {"https://host\n/x", "printable"},
      {"/d#--upload-pack=x", "no branch"},
      {"/d#a..b", "no branch"},
      {"/d#main^{tree}", "no branch"},
      {"/d#*", "no branch"},
      {"/d#a b", "no branch"},
      {"/d#refs/heads/x.lock", "no branch"},
      {"/d#main:../x", "no directory"},
      {"/d#main:/etc", "no directory"},
      {"/d#main:a/./b", "no directory"},
      {"/d#main:.git/hooks", "no directory"},
      {"/d#main:a//b", "no directory"},
      {"/d#main:-x", "no directory"},
  };
  for (const Wrong& each : wrong) {
    const auto source = parse_git_source(each.text);
    ASSERT_FALSE(source) << each.text;
    EXPECT_EQ(source.error().code, Code::invalid_argument);
    EXPECT_THAT(source.error().message, HasSubstr(each.why)) << each.text;
  }
}

}  // namespace
}  // namespace waybill
