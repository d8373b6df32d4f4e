#pragma once

#include "http/api/call.h"
#include "http/api/parts.h"
#include "http/api_document.h"
#include "http/router.h"

namespace waybill::http {

/// A request for a change that has been answered.
struct Changed {
  const Operation& operation;
  const Request& request;
  const Router::Match& match;
  const Principal& who;
  const Answer<Reply>& answer;
};

/// Keeps it in the audit log: at once what has been done, but the making of tasks, which comes by
/// the thousand, and what was refused or failed, with the next batch.
void keep_in_audit_log(const ApiParts& parts, const Changed& changed);
/// The same of one who was not let in: nobody knows who it is, so that all of them are alike.
void keep_unknown_in_audit_log(const ApiParts& parts, const Operation& operation,
                               const Request& request, const Problem& problem);

/// A path for logs: where its last part is a whole token, as somebody revokes it, its id stands.
std::string without_secrets(const std::string& path);

}  // namespace waybill::http
