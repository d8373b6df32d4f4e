#include "tests/archive/kubo_fixture.h"

namespace waybill {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

TEST_F(KuboTest, AllThatIsAskedOfItIsInItsDocumentsAndAllItsShapesAreRead) {
  IpfsAddUrlKind add("ipfs.addurl", &desk_);
  done(add.run(now_task(R"({"url":")" + web_.url() + R"(/a%20b.txt","chunker":"size-1000"})"),
               context_));
  const bj::object url =
      done(add.run(now_task(R"({"url":")" + web_.url() + "/a.txt\"}"), context_));
  EXPECT_EQ(url.at("cid_checked"), true);
  const std::string cid(url.at("cid").get_string());
  EXPECT_EQ(kubo_.pins().count(cid), 1u);
  run<IpfsAddFileKind>(R"({"sha256":")" + keep_artifact("file") + R"(","name":"ü \"x\".txt"})");
  const bj::object folder =
      run<IpfsAddDirKind>(R"({"files":[{"name":"a","sha256":")" + keep_artifact("one") +
                          R"("},{"name":"b","sha256":")" + keep_artifact("two") + "\"}]}");
  EXPECT_EQ(folder.at("cid_checked"), true) << "the folder's is the last line";
  // A lease, until two have it: the node itself does not count.
  const bj::object leased = run<IpfsPinKind>(R"({"cid":")" + cid + R"(","name":"n","copies":1})");
  EXPECT_EQ(leased.at("copies"), 1);
  EXPECT_EQ(kubo_.pins().count(cid), 0u);
  run<IpfsPinKind>(R"({"cid":")" + cid + R"(","name":"kept"})");
  EXPECT_THAT(json::serialize(run<IpfsPinsKind>("{}")),
              AllOf(HasSubstr("\"kept\""), HasSubstr(cid)));
  EXPECT_EQ(run<IpfsUnpinKind>(R"({"name":"kept"})").at("unpinned"), true);
  EXPECT_THAT(kubo_.pins().count(cid), 0u);
  run<IpfsUnpinKind>(R"({"cid":")" + cid + "\"}");  // it is not pinned: fine
  EXPECT_GE(run<IpfsGcKind>("{}").at("blocks_removed").to_number<int>(), 1);
  const bj::object collected =
      done(kind_.run(collection_task({web_.url() + "/x", web_.url() + "/y"}), context_));
  EXPECT_EQ(collected.at("archived"), 2);
  EXPECT_THAT(kubo_.problems(), IsEmpty()) << "Kubo would refuse it";
  EXPECT_THAT(kubo_.commands(), testing::IsSupersetOf({"add", "pin/add", "pin/rm", "files/write",
                                                       "files/ls", "files/read", "files/rm", "id",
                                                       "routing/findprovs", "repo/gc"}));
}

TEST_F(KuboTest, WhatIsInNoDocumentIsNoticed) {
  ipfs::Node node(*desk_.node, clock_, kubo_.url());
  EXPECT_FALSE(node.text({.command = "pin/renew"}, {}));
  EXPECT_FALSE(node.text({.command = "pin/add", .query = {{"until", "1h"}}}, {}));
  EXPECT_THAT(kubo_.problems(), SizeIs(2)) << "the check can fail";
}

}  // namespace
}  // namespace waybill
