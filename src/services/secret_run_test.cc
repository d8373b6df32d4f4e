// What a run that was given a secret says, and what becomes of it.

#include <gtest/gtest.h>

#include <stdexcept>

#include "services/run_context.h"
#include "testing/builders.h"
#include "testing/fake_log_store.h"
#include "testing/sim_clock.h"

namespace waybill {
namespace {

constexpr std::string_view kValue = "hunter2-secret";

class OneSecret final : public SecretSource {
 public:
  Result<std::string> secret(std::string_view name) override {
    if (name == "token") return std::string(kValue);
    return fail(Code::not_found, "there is no secret \"" + std::string(name) + "\"");
  }
};

class NoScratch final : public ScratchSpace {
 public:
  Result<std::string> create(const Uuid&, std::uint32_t) override { return std::string(); }
  Status remove(const std::string&) override { return {}; }
};

class SecretRunTest : public ::testing::Test {
 protected:
  SecretRunTest() {
    task_.request = a_task(1);
    task_.status = {.state = State::leased, .fence = 1, .attempt = 1};
  }
  RunContext context(SecretSource* secrets) {
    return RunContext(
        {.clock = clock_, .logs = logs_, .scratch = scratch_, .bell = bell_, .secrets = secrets},
        reports_, task_, {});
  }
  std::string logged(LogStream stream) {
    std::string text;
    const auto page = logs_.read(task_.id(), "", 1 << 20);
    EXPECT_TRUE(page.has_value());
    for (const LogChunk& chunk : page->chunks) {
      if (chunk.stream == stream) text += chunk.bytes;
    }
    return text;
  }

  SimClock clock_;
  FakeLogStore logs_;
  NoScratch scratch_;
  Bell bell_;
  ReportBoard reports_{std::chrono::seconds(1)};
  Task task_;
  OneSecret secrets_;
};

TEST_F(SecretRunTest, ItsOutputIsKeptWithoutTheValueAlsoWhereItComesInPieces) {
  RunContext run = context(&secrets_);
  EXPECT_EQ(run.secret("token"), kValue);
  run.log(LogStream::out, "a hunter2-");
  run.log(LogStream::err, "hunter2-secret");
  run.log(LogStream::out, "secret b hunter");
  run.finish(outcome::Succeeded{});
  EXPECT_EQ(logged(LogStream::out), "a *** b ***") << "the last one was cut off";
  EXPECT_EQ(logged(LogStream::err), "***");
}

TEST_F(SecretRunTest, WithoutASecretNothingIsHeldBackOrMasked) {
  RunContext run = context(&secrets_);
  run.log(LogStream::out, "hunter2-secret");
  EXPECT_EQ(logged(LogStream::out), "hunter2-secret");
}

TEST_F(SecretRunTest, WhatItReportsAndComesToIsMaskedAndStaysJson) {
  RunContext run = context(&secrets_);
  ASSERT_TRUE(run.secret("token"));
  run.progress(R"({"at":"hunter2-secret"})");
  run.checkpoint(R"({"hunter2-secret":1})");
  const auto reports = reports_.take();
  ASSERT_EQ(reports.size(), 1U);
  EXPECT_EQ(reports[0].progress, R"({"at":"***"})");
  EXPECT_EQ(reports[0].checkpoint, R"({"***":1})");
  const Outcome succeeded = run.finish(outcome::Succeeded{.result = R"({"t":"hunter2-secret!"})"});
  EXPECT_EQ(std::get<outcome::Succeeded>(succeeded).result, R"({"t":"***!"})");
  const Outcome failed = run.finish(outcome::Failed{.error = "401 for hunter2-secret"});
  EXPECT_EQ(std::get<outcome::Failed>(failed).error, "401 for ***");
  EXPECT_EQ(run.masked("hunter2-secret"), "***");
}

TEST_F(SecretRunTest, AnUnknownSecretIsNotFound) {
  RunContext run = context(&secrets_);
  EXPECT_EQ(run.secret("other").error().code, Code::not_found);
}

TEST_F(SecretRunTest, AWorkerThatIsGivenNoSecretsSaysSo) {
  RunContext run = context(nullptr);
  const auto value = run.secret("token");
  ASSERT_FALSE(value.has_value());
  EXPECT_EQ(value.error().code, Code::failed_precondition);
  EXPECT_NE(value.error().message.find("waybill worker"), std::string::npos);
}

}  // namespace
}  // namespace waybill
