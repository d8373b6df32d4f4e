#pragma once

#include <gmock/gmock.h>

#include <atomic>
#include <boost/json.hpp>
#include <map>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/mutex.h"
#include "core/ipfs/unixfs.h"
#include "kinds/archive/collect/addcollection.h"
#include "testing/fake_collection_store.h"
#include "tests/archive/archive_fixture.h"

namespace waybill {

namespace bj = boost::json;

/// The CID of a content of less than a block, as every node has it.
inline std::string cid_of(const std::string& content) {
  ipfs::FileTree tree(ipfs::kChunkBytes);
  tree.add(content);
  return to_string(tree.finish().cid);
}

/// A web, a node of IPFS that keeps what it is given, and collections in memory.
class CollectTest : public ArchiveTest {
 protected:
  CollectTest() {
    desk_.collections = &store_;
    desk_.ipfs_api = node_.url();
  }

  /// What a part of a form holds.
  static std::string content_in(const std::string& body) {
    const auto begin = body.find("\r\n\r\n") + 4;
    return body.substr(begin, body.rfind("\r\n--") - begin);
  }
  ScriptedAnswer keep(const ReceivedRequest& request) {
    const Lock lock(mutex_);
    if (request.target.starts_with("/api/v0/cat?arg=")) {
      const auto found = contents_.find(request.target.substr(16));
      if (found == contents_.end()) return {.status = 500, .body = R"({"Message":"not found"})"};
      return {.body = found->second};
    }
    if (++given_ > gate_) return {.status = 500, .body = R"({"Message":"the node is full"})"};
    const std::string content = content_in(request.body);
    const std::string cid = cid_of(content);
    contents_[cid] = content;
    return {.body = R"({"Hash":")" + cid + "\"}\n"};
  }
  std::string content(const std::string& cid) {
    const Lock lock(mutex_);
    return contents_[cid];
  }
  std::size_t asked(const std::string& target) const {
    std::size_t count = 0;
    for (const ReceivedRequest& request : web_.requests()) count += request.target == target;
    return count;
  }
  std::vector<CollectionItem> items() {
    const auto all = store_.page({});
    EXPECT_THAT(*all, ::testing::SizeIs(1));
    return *store_.items({.collection = all->front().id, .limit = 100'000});
  }
  Task collection_task(const std::vector<std::string>& urls) {
    const Collection collection{.id = task_id(9), .title = "All", .created_at = clock_.now()};
    EXPECT_TRUE(store_.put(collection).has_value());
    std::vector<CollectionItem> all;
    for (const std::string& url : urls) all.push_back({.url = url});
    EXPECT_TRUE(store_.add_items(collection.id, all).has_value());
    return now_task(R"({"CollectionID":")" + to_string(collection.id) + "\"}");
  }
  Task now_task(const std::string& params) {
    Task task = task_of(params);
    task.created_at = clock_.now();
    return task;
  }
  static bj::object read(const std::string& text) {
    const auto value = json::parse(text);
    EXPECT_TRUE(value.has_value() && value->is_object()) << text;
    return value && value->is_object() ? value->get_object() : bj::object();
  }
  bj::object done(const Outcome& outcome) { return read(result(outcome)); }

  FakeCollectionStore store_;
  std::atomic<int> gate_ = 1'000'000;  ///< so many contents the node takes in all
  Mutex mutex_;
  int given_ GUARDED_BY(mutex_) = 0;
  std::map<std::string, std::string> contents_ GUARDED_BY(mutex_);
  std::function<ScriptedAnswer(const ReceivedRequest&)> answer_ =
      [](const ReceivedRequest& request) {
        return ScriptedAnswer{.headers = {{"Content-Type", "text/plain"}},
                              .body = "content of " + request.target};
      };
  HttpTestServer web_{[this](const ReceivedRequest& request) { return answer_(request); }};
  HttpTestServer node_{[this](const ReceivedRequest& request) { return keep(request); }};
  IpfsAddCollectionKind kind_{&desk_};
};

}  // namespace waybill
