#include "apps/waybill/runtime/amqp_options.h"

#include <utility>

#include "adapters/aws/settings.h"
#include "core/url_password.h"

namespace waybill::cli {
namespace {

Result<std::string> read_url(const std::string& path) {
  auto text = aws::read_whole_file(path);
  if (!text) return fail(with_context(text.error(), "--amqp-url-file"));
  const std::size_t end = text->find_last_not_of(" \t\r\n");
  if (end != text->npos) return text->substr(0, end + 1);
  return fail(Code::invalid_argument,
              "--amqp-url-file: " + path + " is empty; write RabbitMQ's URL into it");
}

Result<std::string> url_of(const AmqpPlace& place, const Variables& environment) {
  if (!place.url.empty() && !place.url_file.empty()) {
    return fail(Code::invalid_argument, "--amqp-url and --amqp-url-file: give one of them");
  }
  if (!place.url.empty()) return place.url;
  if (!place.url_file.empty()) return read_url(place.url_file);
  std::string variable = variable_in(environment, "WAYBILL_AMQP_URL");
  if (!variable.empty()) return variable;
  return fail(Code::invalid_argument,
              "where is RabbitMQ? Set WAYBILL_AMQP_URL, or give --amqp-url-file or --amqp-url");
}

}  // namespace

Result<amqp::ConnectionParams> amqp_connection(const AmqpPlace& place,
                                               const Variables& environment) {
  auto url = url_of(place, environment);
  if (!url) return fail(url.error());
  if (url_password_is_cut(*url)) {
    return fail(Code::invalid_argument,
                "RabbitMQ's URL has a / before its @; in user, password and virtual host write "
                "%2f for /, %3a for : and %40 for @");
  }
  // The adapter's error shows nothing of the URL either.
  if (const auto valid = amqp::place_of(*url); !valid) return fail(valid.error());
  return amqp::ConnectionParams{.url = std::move(*url),
                                .ca_file = variable_in(environment, "SSL_CERT_FILE")};
}

Result<AmqpQueueType> amqp_queue_type(const std::string& text) {
  if (text.empty()) return AmqpQueueType::broker_default;
  if (text == "classic") return AmqpQueueType::classic;
  if (text == "quorum") return AmqpQueueType::quorum;
  return fail(Code::invalid_argument,
              "--amqp-queue-type: \"" + text + "\" is neither classic nor quorum");
}

}  // namespace waybill::cli
