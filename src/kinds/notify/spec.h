#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "core/webhook.h"

namespace waybill {

std::string_view mail_spec_schema();
std::string_view webhook_spec_schema();

/// The spec of a task of kind notify.mail.
struct MailSpec {
  std::vector<std::string> to;
  std::string subject;  ///< a template
  std::string text;     ///< likewise
};
/// `invalid_argument`, which begins with a JSON pointer where one field is wrong.
Result<MailSpec> parse_mail_spec(std::string_view json);

/// That of a task of kind notify.webhook: url and secrets are set.
Result<WebhookSettings> parse_webhook_spec(std::string_view json);

}  // namespace waybill
