#pragma once

#include <string>

#include "base/deadline.h"
#include "base/result.h"

namespace waybill {

/// A message for one mailbox.
struct OutgoingMail {
  std::string from;
  std::string to;
  std::string message;   ///< as it is sent, see compose_mail
  std::string username;  ///< empty: without logging in
  std::string password;
};

/// Gives a message to the mail server, which has it when a call returns. Thread-safe; blocks. Said
/// again after an error the message may arrive twice, with the same Message-ID. Errors:
/// `permission_denied` (login refused), `invalid_argument` (refused for good, as 5xx),
/// `unavailable` (not reached, or refused for now, as 4xx), `failed_precondition` (its certificate
/// is not trusted, or it has no TLS), `aborted` (cut off), `deadline_exceeded`, `cancelled`,
/// `resource_exhausted`. They say what the server said.
class MailSender {
 public:
  virtual ~MailSender() = default;
  virtual Status send(const OutgoingMail& mail, const Deadline& deadline) = 0;
};

}  // namespace waybill
