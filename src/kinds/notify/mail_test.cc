#include "kinds/notify/mail.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/notify.h"
#include "testing/builders.h"
#include "testing/sim_clock.h"
#include "testing/told_context.h"

namespace waybill {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

/// Answers by the recipient's address, with success where nothing else is said.
class FakeMailSender final : public MailSender {
 public:
  Status send(const OutgoingMail& mail, const Deadline&) override {
    sent.push_back(mail);
    const auto answer = answers.find(mail.to);
    if (answer == answers.end()) return {};
    return fail(answer->second, mail.to + ": the server said so");
  }
  std::map<std::string, Code> answers;
  std::vector<OutgoingMail> sent;
};

class MailKindTest : public testing::Test {
 protected:
  MailKindTest() : kind_(desk(), clock_) {}

  MailDesk desk() {
    auto sender = std::make_unique<FakeMailSender>();
    sender_ = sender.get();
    return {.sender = std::move(sender),
            .from = "waybill@example.org",
            .username = "waybill",
            .password = [](TaskContext& context) { return context.secret("mail"); }};
  }

  static Task task(const std::string& spec) {
    Task task;
    task.request = a_task(1)
                       .kind(std::string(kMailKind))
                       .spec(spec)
                       .params(R"({"name":"nightly","outcome":"failed","error":"no such host"})");
    return task;
  }
  Outcome run(const std::string& spec = R"({"to":["a@x","b@x"]})") {
    context_.secrets["mail"] = "secret word";
    return kind_.run(task(spec), context_);
  }
  std::vector<std::string> receivers() const {
    std::vector<std::string> all;
    for (const OutgoingMail& mail : sender_->sent) all.push_back(mail.to);
    return all;
  }
  static outcome::Failed failure(const Outcome& outcome) {
    return std::get<outcome::Failed>(outcome);
  }

  SimClock clock_{OnWait::blocks};
  FakeMailSender* sender_ = nullptr;  // the kind's
  MailKind kind_;
  ToldContext context_;
};

TEST_F(MailKindTest, EachAddressIsSentTheSameMessage) {
  const Outcome outcome = run();
  ASSERT_TRUE(std::holds_alternative<outcome::Succeeded>(outcome));
  EXPECT_EQ(std::get<outcome::Succeeded>(outcome).result, R"({"taken":["a@x","b@x"]})");
  EXPECT_THAT(receivers(), ElementsAre("a@x", "b@x"));
  const OutgoingMail& mail = sender_->sent[0];
  EXPECT_EQ(mail.message, sender_->sent[1].message);
  EXPECT_EQ(mail.from, "waybill@example.org");
  EXPECT_EQ(mail.password, "secret word");
  EXPECT_THAT(mail.message, HasSubstr("Subject: nightly failed\r\n"));
  EXPECT_THAT(mail.message, HasSubstr("no such host"));
  EXPECT_THAT(mail.message, HasSubstr("Message-ID: <" + to_string(task_id(1)) + "@example.org>"));
}

TEST_F(MailKindTest, WhoHasTakenItIsNotSentItAgain) {
  sender_->answers["b@x"] = Code::unavailable;
  EXPECT_EQ(failure(run()).failure_class, FailureClass::transient);
  ASSERT_THAT(context_.checkpoints, ElementsAre(R"({"taken":["a@x"]})"));
  context_.checkpoint_before = context_.checkpoints[0];
  sender_->answers.clear();
  sender_->sent.clear();
  EXPECT_TRUE(std::holds_alternative<outcome::Succeeded>(run()));
  EXPECT_THAT(receivers(), ElementsAre("b@x"));
}

TEST_F(MailKindTest, ARefusalForGoodKeepsItFromNobodyElse) {
  sender_->answers["a@x"] = Code::invalid_argument;
  const auto failed = failure(run());
  EXPECT_EQ(failed.failure_class, FailureClass::permanent);
  EXPECT_EQ(failed.error, "a@x: the server said so");
  EXPECT_THAT(receivers(), ElementsAre("a@x", "b@x"));
  sender_->answers["b@x"] = Code::deadline_exceeded;
  EXPECT_EQ(failure(run()).failure_class, FailureClass::transient) << "b may take it yet";
}

TEST_F(MailKindTest, AWrongPasswordIsTriedOnce) {
  sender_->answers["a@x"] = sender_->answers["b@x"] = Code::permission_denied;
  EXPECT_EQ(failure(run()).failure_class, FailureClass::permanent);
  EXPECT_THAT(receivers(), ElementsAre("a@x"));
}

TEST_F(MailKindTest, WhatMayPassIsTriedAgain) {
  for (const Code code : {Code::unavailable, Code::aborted, Code::deadline_exceeded,
                          Code::failed_precondition, Code::resource_exhausted}) {
    sender_->answers["a@x"] = code;
    EXPECT_EQ(failure(run()).failure_class, FailureClass::transient);
  }
}

TEST_F(MailKindTest, WithoutItsPasswordNothingIsSent) {
  MailDesk without = desk();
  without.password = [](TaskContext& context) { return context.secret("gone"); };
  MailKind kind(std::move(without), clock_);
  const auto failed = failure(kind.run(task(R"({"to":["a@x"]})"), context_));
  EXPECT_EQ(failed.failure_class, FailureClass::permanent);
  EXPECT_THAT(failed.error, HasSubstr("the password of the mail server"));
  EXPECT_THAT(sender_->sent, IsEmpty());
  context_.secret_refusal = Code::failed_precondition;  // no key here yet
  EXPECT_EQ(failure(kind.run(task(R"({"to":["a@x"]})"), context_)).failure_class,
            FailureClass::transient);
}

TEST_F(MailKindTest, AStopSendsNoMore) {
  context_.request_stop();
  EXPECT_TRUE(std::holds_alternative<outcome::Stopped>(run()));
  EXPECT_THAT(sender_->sent, IsEmpty());
}

TEST_F(MailKindTest, WithoutAServerItSaysWhatToDo) {
  MailKind known;
  EXPECT_THAT(failure(known.run(task(R"({"to":["a@x"]})"), context_)).error, HasSubstr("mail_url"));
}

TEST_F(MailKindTest, TemplatesOfItsOwnAreFilled) {
  run(R"({"to":["a@x"],"subject":"${{ name }}!","text":"${{ error }}"})");
  ASSERT_THAT(sender_->sent, SizeIs(1));
  EXPECT_THAT(sender_->sent[0].message, HasSubstr("Subject: nightly!\r\n"));
  EXPECT_THAT(sender_->sent[0].message, HasSubstr("\r\n\r\nno such host\r\n"));
}

TEST_F(MailKindTest, AnErrorIsNoWayIntoTheHeaders) {
  Task task = MailKindTest::task(R"({"to":["a@x"],"subject":"${{ error }}"})");
  task.request.params = R"({"error":"x\r\nBcc: eve@x\r\n\r\nhello"})";
  context_.secrets["mail"] = "p";
  kind_.run(task, context_);
  ASSERT_THAT(sender_->sent, SizeIs(1));
  EXPECT_THAT(sender_->sent[0].message, HasSubstr("Subject: x  Bcc: eve@x    hello\r\n"));
  const std::string& message = sender_->sent[0].message;
  EXPECT_THAT(message.substr(0, message.find("\r\n\r\n")), Not(HasSubstr("\nBcc")));
}

TEST_F(MailKindTest, SpecsThatCanNeverBeSentAreRefused) {
  const std::pair<const char*, const char*> bad[] = {
      {R"({})", "to"},
      {R"({"to":[]})", "/to"},
      {R"({"to":["x"]})", "/to/0"},
      {R"({"to":["a@x","a@x\r\nRCPT TO:<b@x>"]})", "/to/1"},
      {R"({"to":["a@x"],"subject":"${{ nothing }}"})", "/subject"},
      {R"({"to":["a@x"],"text":"${{"})", "/text"},
      {R"({"to":["a@x"],"bcc":["b@x"]})", "bcc"}};
  for (const auto& [spec, where] : bad) {
    const Status checked = kind_.check(task(spec).request);
    ASSERT_FALSE(checked) << spec;
    EXPECT_THAT(checked.error().message, HasSubstr(where));
    EXPECT_EQ(failure(kind_.run(task(spec), context_)).failure_class, FailureClass::permanent);
  }
}

}  // namespace
}  // namespace waybill
