#pragma once

// What Waybill says to Kubo, of which no real node is here: a stand-in that takes what Kubo's
// documents name, and no more, and answers in its shapes.

#include <gmock/gmock.h>

#include <algorithm>
#include <fstream>
#include <set>
#include <sstream>

#include "base/digest.h"
#include "base/percent.h"
#include "kinds/archive/ipfs/add.h"
#include "kinds/archive/ipfs/node.h"
#include "kinds/archive/ipfs/pin.h"
#include "tests/archive/collect_fixture.h"

namespace waybill {

using Arguments = std::multimap<std::string, std::string>;

inline std::string argument(const Arguments& arguments, const std::string& name) {
  const auto found = arguments.find(name);
  return found == arguments.end() ? std::string() : found->second;
}

/// The commands that Kubo documents, with the names of their arguments.
inline std::map<std::string, std::set<std::string>> documented() {
  std::ifstream file("tests/archive/kubo_rpc.json");
  std::stringstream text;
  text << file.rdbuf();
  const auto value = json::parse(text.str());
  EXPECT_TRUE(value.has_value()) << "tests run in the root of the source";
  std::map<std::string, std::set<std::string>> all;
  if (!value) return all;
  for (const auto& command : value->get_object().at("commands").get_object()) {
    auto& names = all[std::string(command.key())];
    for (const bj::value& name : command.value().get_array()) names.emplace(name.get_string());
  }
  return all;
}

class KuboNode {
 public:
  std::string url() const { return server_.url(); }
  /// What it was asked that Kubo has no place for.
  std::vector<std::string> problems() {
    const Lock lock(mutex_);
    return problems_;
  }
  std::set<std::string> commands() {
    const Lock lock(mutex_);
    return commands_;
  }
  std::set<std::string> pins() {
    const Lock lock(mutex_);
    return pins_;
  }

 private:
  ScriptedAnswer answer(const ReceivedRequest& request) {
    const Lock lock(mutex_);
    constexpr std::string_view kApi = "/api/v0/";
    const auto question = std::min(request.target.find('?'), request.target.size());
    const std::string path = request.target.substr(0, question);
    if (request.method != "POST") {
      return refuse(request, 405, "405 - Method Not Allowed");
    }
    const std::string command =
        path.starts_with(kApi) ? path.substr(kApi.size()) : std::string("(none)");
    const auto known = documented_.find(command);
    if (known == documented_.end()) return refuse(request, 404, "404 page not found");
    Arguments arguments;
    for (std::string_view rest = std::string_view(request.target).substr(question);
         !rest.empty();) {
      rest.remove_prefix(1);
      const auto end = std::min(rest.find('&'), rest.size());
      const std::string_view pair = rest.substr(0, end);
      rest.remove_prefix(end);
      const auto equals = std::min(pair.find('='), pair.size());
      const std::string name(pair.substr(0, equals));
      if (known->second.count(name) == 0) return refuse(request, 400, "unknown option " + name);
      arguments.emplace(name,
                        from_percent(pair.substr(std::min(equals + 1, pair.size()))).value_or(""));
    }
    commands_.insert(command);
    ScriptedAnswer said = serve(command, arguments, request);
    said.chunked = true;
    said.headers.emplace_back("Server", "kubo/0.26.0");
    said.headers.emplace_back("X-Chunked-Output", "1");
    return said;
  }
  ScriptedAnswer refuse(const ReceivedRequest& request, int status, const std::string& why)
      REQUIRES(mutex_) {
    problems_.push_back(request.method + " " + request.target + ": " + why);
    return {.status = status, .body = why + "\n"};
  }
  static ScriptedAnswer error(const std::string& message) {
    return {.status = 500,
            .headers = {{"Content-Type", "application/json"}},
            .body = json::serialize(bj::object{
                        {"Message", json::text(message)}, {"Code", 0}, {"Type", "error"}}) +
                    "\n"};
  }
  static std::string line(const bj::object& object) { return json::serialize(object) + "\n"; }

  ScriptedAnswer serve(const std::string& command, const Arguments& arguments,
                       const ReceivedRequest& request) REQUIRES(mutex_) {
    const std::string arg = argument(arguments, "arg");
    if (command == "add") return add(arguments, request.body);
    if (command == "cat") return {.body = contents_[arg]};
    if (command == "id") return {.body = line({{"ID", "12D3KooWUs"}, {"Addresses", nullptr}})};
    if (command == "pin/add") {
      pins_.insert(arg);
      return {.body = line({{"Progress", 1}}) + line({{"Pins", bj::array{json::text(arg)}}})};
    }
    if (command == "pin/rm") {
      if (pins_.erase(arg) == 0) return error("not pinned or pinned indirectly");
      return {.body = line({{"Pins", bj::array{json::text(arg)}}})};
    }
    if (command == "pin/ls") {
      if (pins_.count(arg) == 0) return error("path '/ipfs/" + arg + "' is not pinned");
      return {.body = line(
                  {{"Keys", bj::object{{json::text(arg), bj::object{{"Type", "recursive"}}}}}})};
    }
    if (command == "routing/findprovs") return providers();
    if (command == "repo/gc") return collect();
    return files(command, arguments, request.body);
  }

  /// Parts as Kubo reads them: names are percent-encoded.
  ScriptedAnswer add(const Arguments& arguments, const std::string& body) REQUIRES(mutex_) {
    const std::string boundary = body.substr(0, body.find("\r\n"));
    std::string lines;
    std::string folder;
    std::vector<ipfs::DirectoryEntry> entries;
    std::string last;
    for (std::size_t at = 0; (at = body.find("filename=\"", at)) != body.npos;) {
      at += 10;
      const std::string name = from_percent(body.substr(at, body.find('"', at) - at)).value_or("");
      const auto begin = body.find("\r\n\r\n", at) + 4;
      const auto end = body.find("\r\n" + boundary, begin);
      const std::string content = body.substr(begin, end - begin);
      ipfs::FileTree tree(ipfs::kChunkBytes);
      tree.add(content);
      const ipfs::Tree root = tree.finish();
      last = to_string(root.cid);
      contents_[last] = content;
      // What of it is there: sent while it comes.
      lines += line({{"Name", json::text(name)}, {"Bytes", content.size()}});
      lines += line({{"Name", json::text(name)},
                     {"Hash", json::text(last)},
                     {"Size", std::to_string(content.size())}});
      if (const auto slash = name.find('/'); slash != name.npos) {
        folder = name.substr(0, slash);
        entries.push_back({name.substr(slash + 1), root});
      }
      at = end;
    }
    if (!folder.empty()) {
      last = to_string(ipfs::directory_tree(std::move(entries))->cid);
      lines += line({{"Name", json::text(folder)}, {"Hash", json::text(last)}, {"Size", "1"}});
    }
    if (argument(arguments, "pin") == "true") pins_.insert(last);
    return {.headers = {{"X-Stream-Output", "1"}}, .body = lines};
  }
  ScriptedAnswer providers() REQUIRES(mutex_) {
    const auto peers = [](const char* id) {
      return bj::array{bj::object{{"ID", id}, {"Addrs", bj::array{"/ip4/1.2.3.4/tcp/1"}}}};
    };
    return {
        .body =
            line({{"Extra", ""}, {"ID", "12D3KooWFar"}, {"Responses", nullptr}, {"Type", 0}}) +
            line({{"Extra", ""}, {"ID", ""}, {"Responses", peers("12D3KooWUs")}, {"Type", 4}}) +
            line({{"Extra", ""}, {"ID", ""}, {"Responses", peers("12D3KooWOther")}, {"Type", 4}})};
  }
  ScriptedAnswer collect() REQUIRES(mutex_) {
    std::string lines;
    for (auto each = contents_.begin(); each != contents_.end();) {
      if (pins_.count(each->first) > 0) {
        ++each;
        continue;
      }
      lines += line({{"Key", bj::object{{"/", json::text(each->first)}}}});
      each = contents_.erase(each);
    }
    return {.headers = {{"X-Stream-Output", "1"}}, .body = lines};
  }
  ScriptedAnswer files(const std::string& command, const Arguments& arguments,
                       const std::string& body) REQUIRES(mutex_) {
    const std::string arg = argument(arguments, "arg");
    if (command == "files/write") {
      const auto begin = body.find("\r\n\r\n") + 4;
      files_[arg] = body.substr(begin, body.rfind("\r\n--") - begin);
      return {};
    }
    if (command == "files/read") {
      const auto found = files_.find(arg);
      return found == files_.end() ? error("file does not exist")
                                   : ScriptedAnswer{.body = found->second};
    }
    const auto below = [&arg](const std::string& path) { return path.starts_with(arg + "/"); };
    if (command == "files/rm") {
      const auto gone = std::erase_if(
          files_, [&](const auto& file) { return file.first == arg || below(file.first); });
      return gone == 0 ? error("file does not exist") : ScriptedAnswer{};
    }
    std::set<std::string> names;
    for (const auto& [path, text] : files_) {
      if (!below(path)) continue;
      const std::string rest = path.substr(arg.size() + 1);
      names.insert(rest.substr(0, rest.find('/')));
    }
    if (names.empty()) return error("file does not exist");
    bj::array entries;
    for (const std::string& name : names) {
      entries.push_back(
          bj::object{{"Name", json::text(name)}, {"Type", 0}, {"Size", 0}, {"Hash", ""}});
    }
    return {.body = line({{"Entries", std::move(entries)}})};
  }

  const std::map<std::string, std::set<std::string>> documented_ = documented();
  Mutex mutex_;
  std::vector<std::string> problems_ GUARDED_BY(mutex_);
  std::set<std::string> commands_ GUARDED_BY(mutex_);
  std::map<std::string, std::string> contents_ GUARDED_BY(mutex_);
  std::set<std::string> pins_ GUARDED_BY(mutex_);
  std::map<std::string, std::string> files_ GUARDED_BY(mutex_);
  HttpTestServer server_{[this](const ReceivedRequest& request) { return answer(request); }};
};

class KuboTest : public CollectTest {
 protected:
  KuboTest() { desk_.ipfs_api = kubo_.url(); }
  template <class Kind>
  bj::object run(const std::string& params) {
    Kind kind(&desk_);
    return done(kind.run(now_task(params), context_));
  }
  std::string keep_artifact(const std::string& bytes) {
    const std::string digest = to_hex(sha256(bytes));
    context_.contents[digest] = bytes;
    return digest;
  }
  KuboNode kubo_;
};

}  // namespace waybill
