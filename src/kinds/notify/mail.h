#pragma once

#include <functional>
#include <memory>
#include <string>

#include "kinds/notify/spec.h"
#include "ports/clock.h"
#include "ports/mail_sender.h"
#include "ports/task_kind.h"

namespace waybill {

/// How mail is sent here.
struct MailDesk {
  std::unique_ptr<MailSender> sender;
  std::string from;
  std::string username;  ///< empty: without logging in
  /// The password; asked for before each message. Empty without a username.
  std::function<Result<std::string>(TaskContext&)> password;
};

/// Kind `notify.mail`: sends a mail to each address of its spec, what it says being made of its
/// params. Addresses that have taken it are not sent it again, unless the answer was lost. Where
/// the server refuses an address for good, the others get it all the same, and the task fails.
class MailKind final : public TaskKind {
 public:
  /// To refuse what can never run, and no more.
  MailKind() = default;
  /// The clock outlives it. Without a sender in `desk` tasks fail, and say what is missing.
  MailKind(MailDesk desk, Clock& clock) : desk_(std::move(desk)), clock_(&clock) {}

  std::string_view name() const override;
  Status check(const TaskRequest& request) const override;
  std::string_view spec_schema() const override;
  Outcome run(const Task& task, TaskContext& context) override;

 private:
  struct Round;
  Result<std::string> compose(const Task& task, const MailSpec& spec) const;
  Status send(const std::string& message, const std::string& to, TaskContext& context) const;

  const MailDesk desk_{};
  Clock* const clock_ = nullptr;
};

}  // namespace waybill
