#include "kinds/archive/ipfs/pinning_service.h"
#include "tests/archive/kubo_fixture.h"

namespace waybill {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

/// A pinning service in the shapes of its specification, version 1.0.0: ipfs-pinning-service.yaml.
class PinningServer {
 public:
  std::string url() const { return server_.url() + "/psa"; }
  std::vector<ReceivedRequest> requests() const { return server_.requests(); }
  void say(std::function<ScriptedAnswer()> answer) {
    const Lock lock(mutex_);
    answer_ = std::move(answer);
  }
  void has(const std::string& cid, const std::string& status) {
    say([cid, status] {
      const bj::object result{
          {"requestid", "UniqueIdOfPinRequest"},
          {"status", json::text(status)},
          {"created", "2020-07-27T17:32:28.276Z"},
          {"pin", bj::object{{"cid", json::text(cid)},
                             {"name", "PreciousData.pdf"},
                             {"origins", bj::array{"/ip4/203.0.113.142/tcp/4001/p2p/QmSource"}},
                             {"meta", bj::object{{"app_id", "99986338"}}}}},
          {"delegates", bj::array{"/ip4/203.0.113.1/tcp/4001/p2p/QmServicePeerId"}},
          {"info", bj::object{{"status_details", "Queue position: 7 of 9"}}}};
      return json_answer(200, {{"count", 1}, {"results", bj::array{result}}});
    });
  }
  static ScriptedAnswer json_answer(int status, const bj::object& object) {
    return {.status = status,
            .headers = {{"Content-Type", "application/json"}},
            .body = json::serialize(object)};
  }
  static ScriptedAnswer refusal(int status, const char* reason) {
    return json_answer(status, {{"error", bj::object{{"reason", reason}, {"details", "words"}}}});
  }

 private:
  ScriptedAnswer answer(const ReceivedRequest& request) {
    const Lock lock(mutex_);
    if (request.method != "GET" || !request.target.starts_with("/psa/pins?")) {
      return refusal(404, "NOT_FOUND");
    }
    if (request.header("authorization") != "Bearer the-token") return refusal(401, "UNAUTHORIZED");
    return answer_();
  }

  Mutex mutex_;
  std::function<ScriptedAnswer()> answer_ GUARDED_BY(mutex_) = [] {
    return json_answer(200, {{"count", 0}, {"results", bj::array()}});
  };
  HttpTestServer server_{[this](const ReceivedRequest& request) { return answer(request); }};
};

class PinningServiceTest : public KuboTest {
 protected:
  PinningServiceTest() { context_.secrets["pin-token"] = "the-token"; }
  Outcome look(const std::string& url) {
    IpfsPinKind kind(&desk_);
    return kind.run(
        task_of(R"({"cid":")" + cid_ + R"(","name":"n","copies":1})",
                R"({"services":[{"url":")" + url + R"(","token_secret":"pin-token"}]})"),
        context_);
  }
  bool is_held(const Outcome& outcome) {
    return std::holds_alternative<outcome::Snoozed>(outcome) && kubo_.pins().count(cid_) == 1;
  }
  const std::string cid_ = to_string(ipfs::cid_of(ipfs::Codec::raw, "a block"));
  PinningServer service_;
};

TEST_F(PinningServiceTest, ALeaseHoldsUntilTheServiceHasPinnedIt) {
  EXPECT_TRUE(is_held(look(service_.url()))) << "it knows of none";
  EXPECT_EQ(service_.requests().back().target, "/psa/pins?cid=" + cid_ + "&status=pinned&limit=10");
  for (const char* status : {"queued", "pinning", "failed"}) {
    service_.has(cid_, status);
    EXPECT_TRUE(is_held(look(service_.url()))) << status << ", said by one that heeds no filter";
  }
  service_.has(to_string(ipfs::cid_of(ipfs::Codec::raw, "another")), "pinned");
  EXPECT_TRUE(is_held(look(service_.url()))) << "another tree";
  service_.has(cid_, "pinned");
  const bj::object said = done(look(service_.url() + "/"));
  EXPECT_EQ(said.at("held"), "copies");
  EXPECT_EQ(said.at("copies"), 1);
  EXPECT_EQ(kubo_.pins().count(cid_), 0u);
}

TEST_F(PinningServiceTest, OneThatIsAwayCountsForNoneUntilTheNextLook) {
  service_.say([] { return PinningServer::refusal(503, "INTERNAL_SERVER_ERROR"); });
  EXPECT_TRUE(is_held(look(service_.url())));
  service_.say([] { return ScriptedAnswer{.cut = Cut::before_answer}; });
  EXPECT_TRUE(is_held(look(service_.url())));
}

TEST_F(PinningServiceTest, OneThatSaysNothingLeavesTimeForTheOthers) {
  HttpTestServer silent([](const ReceivedRequest&) { return ScriptedAnswer{.hold = true}; });
  service_.has(cid_, "pinned");
  const auto service = [](const std::string& url) {
    return ipfs::PinningService{.url = url, .secret = "pin-token"};
  };
  const auto copies = ipfs::copies_at_services(
      {service(silent.url()), service(silent.url() + "/b"), service(service_.url())},
      *ipfs::parse_cid(cid_), desk_, context_,
      {.deadline = {.at = clock_.steady_now() + std::chrono::minutes(2)},
       .each_max = std::chrono::seconds(2)});
  ASSERT_TRUE(copies) << copies.error().message;
  EXPECT_EQ(copies->count, 1);
  EXPECT_FALSE(copies->refused) << copies->refused->message;
  EXPECT_EQ(silent.requests().size(), 2u);
}

TEST_F(PinningServiceTest, OneThatRefusesFailsNothingWhereOthersHaveIt) {
  service_.has(cid_, "pinned");
  IpfsPinKind kind(&desk_);
  const auto look_for = [&](const std::string& copies) {
    return kind.run(task_of(R"({"cid":")" + cid_ + R"(","name":"n","copies":)" + copies + "}",
                            R"({"services":[{"url":")" + service_.url() +
                                R"(/none","token_secret":"pin-token"},{"url":")" + service_.url() +
                                R"(","token_secret":"pin-token"}]})"),
                    context_);
  };
  EXPECT_THAT(failure(look_for("2"), FailureClass::permanent), HasSubstr("404"));
  EXPECT_EQ(kubo_.pins().count(cid_), 1u);
  service_.has(cid_, "queued");
  EXPECT_TRUE(is_held(look_for("1"))) << "the other may have it yet";
  service_.has(cid_, "pinned");
  EXPECT_EQ(done(look_for("1")).at("copies"), 1);
  EXPECT_THAT(context_.logged(LogStream::system), HasSubstr("404"));
}

TEST_F(PinningServiceTest, WhatWillNotBecomeBetterFailsAndItStaysPinned) {
  const auto refused = [this](const std::string& url) {
    const std::string why = failure(look(url), FailureClass::permanent);
    EXPECT_THAT(why, HasSubstr(cid_ + " stays pinned as n"));
    EXPECT_EQ(kubo_.pins().count(cid_), 1u);
    return why;
  };
  EXPECT_THAT(refused(web_.url()), HasSubstr("does not answer as a pinning service does"));
  service_.say([] { return ScriptedAnswer{.body = std::string(2 << 20, ' ')}; });
  EXPECT_THAT(refused(service_.url()), HasSubstr("more than 1 MiB"));
  service_.say([this] {
    return ScriptedAnswer{.status = 302, .headers = {{"Location", web_.url() + "/pins"}}};
  });
  const std::size_t asked_before = web_.requests().size();
  EXPECT_THAT(refused(service_.url()), HasSubstr("redirects"));
  EXPECT_EQ(web_.requests().size(), asked_before) << "the token goes nowhere else";
  context_.secrets["pin-token"] = "a wrong one";
  const std::string why = refused(service_.url());
  EXPECT_THAT(why, AllOf(HasSubstr("401"), testing::Not(HasSubstr("a wrong one"))));
  context_.secrets.clear();
  EXPECT_THAT(refused(service_.url()), HasSubstr("waybill secret set"));
  context_.secrets["pin-token"] = "the-token";
  allow_loopback(false);
  const std::size_t before = service_.requests().size();
  EXPECT_THAT(refused(service_.url()), HasSubstr("127.0.0.1"));
  EXPECT_EQ(service_.requests().size(), before) << "an address that tasks may not go to";
}

TEST_F(PinningServiceTest, ItStandsInTheSpecAlone) {
  IpfsPinKind kind;
  const auto refused = [&](const std::string& params, const std::string& spec) {
    const Status checked = kind.check(task_of(params, spec).request);
    return checked ? std::string("(it is taken)") : checked.error().message;
  };
  const std::string cid = R"({"cid":")" + cid_ + "\"";
  const std::string services = R"({"services":[{"url":"https://x/psa","token_secret":"s"}]})";
  EXPECT_EQ(refused(cid + R"(,"copies":1})", services), "(it is taken)");
  EXPECT_EQ(refused("{}", services), "(it is taken)") << "a definition, whose params come later";
  EXPECT_THAT(
      refused(cid + R"(,"copies":1,"Services":[{"url":"https://x","token_secret":"s"}]})", "{}"),
      HasSubstr("stand in the definition's spec"));
  EXPECT_THAT(refused(cid + "}", services), HasSubstr("of which none are asked"));
  EXPECT_THAT(refused(cid + R"(,"copies":1})",
                      R"({"services":[{"url":"https://u:p@x","token_secret":"s"}]})"),
              HasSubstr("/services/0/url"));
  EXPECT_THAT(refused(cid + R"(,"copies":1})",
                      R"({"services":[{"url":"http://127.0.0.1.x/psa","token_secret":"s"}]})"),
              HasSubstr("in the clear: use https"));
  EXPECT_THAT(refused(cid + R"(,"copies":1})", R"({"services":[{"url":"https://x"}]})"),
              HasSubstr("token_secret"));
}

}  // namespace
}  // namespace waybill
