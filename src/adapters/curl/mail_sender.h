#pragma once

#include <memory>
#include <string>
#include <vector>

#include "adapters/curl/trust_store.h"
#include "ports/clock.h"
#include "ports/mail_sender.h"

namespace waybill {

enum class MailTls : std::uint8_t {
  required,  ///< STARTTLS, or TLS from the beginning with smtps://
  none,
};

struct CurlMailSenderParams {
  std::string url;  ///< smtp://host:587 or smtps://host:465
  MailTls tls = MailTls::required;
  Duration connect_timeout = std::chrono::seconds(20);
  std::vector<std::string> ca_files;        ///< as of CurlHttpClientParams
  std::vector<std::string> ca_directories;  ///< likewise
};

/// MailSender over libcurl: a connection for each message, driven by the caller's thread.
class CurlMailSender final : public MailSender {
 public:
  /// `clock` must be real, and outlives it. `unavailable` if libcurl cannot be set up,
  /// `invalid_argument` if a file of authorities cannot be read or holds none.
  static Result<std::unique_ptr<CurlMailSender>> create(Clock& clock, CurlMailSenderParams params);

  Status send(const OutgoingMail& mail, const Deadline& deadline) override;

 private:
  class Conversation;
  CurlMailSender(Clock& clock, CurlMailSenderParams params, TrustStore trust)
      : clock_(clock), params_(std::move(params)), trust_(std::move(trust)) {}

  Clock& clock_;
  const CurlMailSenderParams params_;
  const TrustStore trust_;
};

}  // namespace waybill
