#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace waybill {

/// A message to be sent by mail. The addresses have passed check_mail_address.
struct MailParts {
  std::string from;
  std::vector<std::string> to;
  std::string subject;  ///< whatever it holds: it becomes one line
  std::string text;
  std::string id;  ///< unique: equal messages are known by it
  Time at{};
};

/// A plain address, `name@host`, as mail servers everywhere take it. `invalid_argument` for all
/// else: names beside it, spaces, line breaks.
Status check_mail_address(std::string_view address);

/// Where mail is given to: smtp://host:587 or smtps://host:465, without anything else in it.
/// `invalid_argument`.
Status check_mail_url(std::string_view url);

/// The message as it is sent (RFC 5322), lines ended by CR and LF. Nothing that subject or text
/// hold can begin a header or end one: what is not printable in a subject becomes a space, what is
/// not ASCII is encoded (RFC 2047), and so is a text with more than short lines of ASCII.
std::string compose_mail(const MailParts& parts);

}  // namespace waybill
