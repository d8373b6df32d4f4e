#include "kinds/notify/mail.h"

#include <algorithm>
#include <boost/json.hpp>
#include <utility>

#include "base/json.h"
#include "core/mail.h"
#include "core/notify.h"
#include "core/notify_text.h"
#include "core/task_json.h"
#include "kinds/notify/spec.h"

namespace waybill {
namespace {

namespace bj = boost::json;

/// For one message; a server that looks through it may take long.
constexpr Duration kMessageMax = std::chrono::minutes(3);

outcome::Failed permanent(std::string error) {
  return {.failure_class = FailureClass::permanent, .error = std::move(error)};
}

/// Whether another attempt may do better.
bool may_pass(Code code) {
  return code != Code::invalid_argument && code != Code::permission_denied &&
         code != Code::not_found && code != Code::data_loss;
}

bj::object params_of(const Task& task) {
  const bj::value params = text_to_json(task.request.params);
  return params.is_object() ? params.get_object() : bj::object();
}

}  // namespace

/// What one attempt does.
struct MailKind::Round {
  std::string message;
  std::vector<std::string> taken;  ///< addresses that have it, by this attempt or one before
  std::string refusals;            ///< for good, with why
  std::string passing;             ///< why an address has to be asked again; empty: none has

  std::string checkpoint() const {
    return json::serialize(bj::object{{"taken", bj::array(taken.begin(), taken.end())}});
  }
  bool has_taken(const std::string& to) const {
    return std::ranges::find(taken, to) != taken.end();
  }
  void note(const Error& error) {
    std::string& why = may_pass(error.code) ? passing : refusals;
    why += (why.empty() ? "" : "; ") + error.message;
  }
  Outcome verdict() const {
    if (!passing.empty()) {
      return outcome::Failed{.failure_class = FailureClass::transient, .error = passing};
    }
    if (!refusals.empty()) return permanent(refusals);
    return outcome::Succeeded{.result = checkpoint()};
  }
  /// Forgets nothing that an earlier attempt has done.
  void resume(const std::string& checkpoint) {
    const bj::value kept = text_to_json(checkpoint);
    const bj::value* addresses =
        kept.is_object() ? kept.get_object().if_contains("taken") : nullptr;
    if (addresses == nullptr || !addresses->is_array()) return;
    for (const bj::value& each : addresses->get_array()) {
      if (each.is_string()) taken.emplace_back(each.get_string());
    }
  }
};

std::string_view MailKind::name() const { return kMailKind; }
std::string_view MailKind::spec_schema() const { return mail_spec_schema(); }

Status MailKind::check(const TaskRequest& request) const {
  const auto spec = parse_mail_spec(request.spec);
  return spec ? Status() : Status(fail(spec.error()));
}

Status MailKind::send(const std::string& message, const std::string& to,
                      TaskContext& context) const {
  OutgoingMail mail{
      .from = desk_.from, .to = to, .message = message, .username = desk_.username, .password = {}};
  if (!mail.username.empty()) {
    auto password = desk_.password(context);
    if (!password) return fail(with_context(password.error(), "the password of the mail server"));
    mail.password = std::move(*password);
  }
  const SteadyTime limit = std::min(context.deadline(), clock_->steady_now() + kMessageMax);
  return desk_.sender->send(mail, {.at = limit, .stop = context.stop()});
}

Result<std::string> MailKind::compose(const Task& task, const MailSpec& spec) const {
  const bj::object facts = params_of(task);
  const auto subject = notify_text(spec.subject, facts);
  if (!subject) return fail(with_context(subject.error(), "its subject"));
  const auto text = notify_text(spec.text, facts);
  if (!text) return fail(with_context(text.error(), "its text"));
  return compose_mail({.from = desk_.from,
                       .to = spec.to,
                       .subject = *subject,
                       .text = *text,
                       .id = to_string(task.id()),
                       .at = task.created_at});
}

Outcome MailKind::run(const Task& task, TaskContext& context) {
  if (clock_ == nullptr || desk_.sender == nullptr) {
    return permanent(
        "no mail server is known here: say which with mail_url and mail_from, where `waybill up` "
        "or `waybill serve` is started, then `waybill task retry " +
        to_string(task.id()) + "`");
  }
  const auto spec = parse_mail_spec(task.request.spec);
  if (!spec) return permanent(spec.error().message);
  auto message = compose(task, *spec);
  if (!message) return permanent(message.error().message);
  Round round{.message = std::move(*message)};
  round.resume(context.last_checkpoint());
  for (const std::string& to : spec->to) {
    if (round.has_taken(to)) continue;
    const Status sent = context.stop().stop_requested() ? Status(fail(Code::cancelled, "stopped"))
                                                        : send(round.message, to, context);
    if (sent) {
      round.taken.push_back(to);
      context.checkpoint(round.checkpoint());
      context.log(LogStream::system, "[sent to " + to + "]\n");
      continue;
    }
    const Error& error = sent.error();
    if (error.code == Code::cancelled) {
      return outcome::Stopped{.proof = json::serialize(bj::object{{"not_sent_to", to}})};
    }
    context.log(LogStream::system, "[not sent: " + error.message + "]\n");
    // What is wrong with the login is wrong for every address.
    if (error.code == Code::permission_denied) return permanent(error.message);
    round.note(error);
  }
  return round.verdict();
}

}  // namespace waybill
