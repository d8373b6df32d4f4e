#include "kinds/notify/spec.h"

#include <boost/json.hpp>
#include <utility>

#include "base/check.h"
#include "base/json.h"
#include "core/definition_fields.h"
#include "core/json_schema.h"
#include "core/mail.h"
#include "core/notify_text.h"

namespace waybill {
namespace bj = boost::json;
namespace {

JsonSchema compiled(std::string_view schema) {
  const auto text = json::parse(schema);
  WAYBILL_CHECK(text.has_value(), "the embedded schema is JSON");
  auto compilation = JsonSchema::compile(*text, standard_formats());
  WAYBILL_CHECK(compilation.schema.has_value(), "the embedded schema is one");
  return *compilation.schema;
}

Result<bj::value> read_spec(std::string_view json, const JsonSchema& schema) {
  auto value = json::parse(json);
  if (!value) return fail(with_context(value.error(), "the spec of a notification"));
  const auto violations = schema.check(*value);
  if (violations.empty()) return value;
  const SchemaViolation& first = violations.front();
  return fail(Code::invalid_argument,
              first.pointer.empty() ? first.message : first.pointer + ": " + first.message);
}

std::vector<std::string> texts_in(const bj::value& list) {
  std::vector<std::string> texts;
  for (const bj::value& each : list.get_array()) texts.emplace_back(each.get_string());
  return texts;
}

Status placed(Status status, const std::string& pointer) {
  if (status) return status;
  Error error = status.error();
  error.message = pointer + ": " + error.message;
  return fail(std::move(error));
}

}  // namespace

Result<MailSpec> parse_mail_spec(std::string_view json) {
  static const JsonSchema kSchema = compiled(mail_spec_schema());
  const auto value = read_spec(json, kSchema);
  if (!value) return fail(value.error());
  const Fields fields(value->get_object());
  MailSpec spec{.to = texts_in(*fields.find("to")),
                .subject = fields.text("subject", kNotifySubject),
                .text = fields.text("text", kNotifyText)};
  for (std::size_t i = 0; i < spec.to.size(); ++i) {
    const Status fits = placed(check_mail_address(spec.to[i]), "/to/" + std::to_string(i));
    if (!fits) return fail(fits.error());
  }
  Status fits = placed(check_notify_template(spec.subject), "/subject");
  if (fits) fits = placed(check_notify_template(spec.text), "/text");
  if (!fits) return fail(fits.error());
  return spec;
}

Result<WebhookSettings> parse_webhook_spec(std::string_view json) {
  static const JsonSchema kSchema = compiled(webhook_spec_schema());
  const auto value = read_spec(json, kSchema);
  if (!value) return fail(value.error());
  const Fields fields(value->get_object());
  WebhookSettings settings;
  settings.name = "notification";
  settings.url = fields.text("url");
  settings.secrets = texts_in(*fields.find("secrets"));
  // It begins with the field.
  if (const Status fits = check_webhook(settings); !fits) {
    return fail(Code::invalid_argument, "/" + fits.error().message);
  }
  return settings;
}

}  // namespace waybill
