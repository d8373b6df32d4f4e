#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/result.h"
#include "base/uuid.h"
#include "http/api/api.h"
#include "http/api/parts.h"
#include "http/message.h"

namespace waybill {
struct AuditEntry;
}

namespace waybill::http {

/// The doors of Data Together's task_mgmt, for its clients: `/healthcheck`, `/tasks`, `/tasks/ID`,
/// `/ipfs/add`, with its envelopes and names, and without its defects
/// (docs/reference/task-mgmt.md). A type is the name of a task definition. All else goes to
/// `inner`.
class TaskMgmtDoors final : public Application {
 public:
  /// All of them outlive it.
  TaskMgmtDoors(const ApiParts& parts, const ApiGate& gate, Application& inner)
      : parts_(parts), gate_(gate), inner_(inner) {}

  Reply handle(const Request& request) override;
  bool answer_at_once(const Request& request, const std::function<ServerCounts()>& counts,
                      Response& response) override;
  Response refusal(const Request& request, int status, std::string_view why) override;

 private:
  std::optional<Response> answer(const Request& request);
  Response list(const Request& request);
  Response get(const std::string& id);
  struct Asked {
    std::string type;
    std::string title;
    std::string params;
    std::string from;     ///< the address that it came from
    std::string success;  ///< what is said if it was enqueued
    Uuid id{};            ///< of the task; nil: a new one
  };
  Response add(const Request& request, const Principal& who);
  Response add_under_key(const Request& request, const Principal& who, const std::string& key,
                         Asked asked);
  static Result<Asked> read_task(const Request& request);
  static Result<Asked> read_url(const Request& request);
  Response insert(const Asked& asked, const Principal& who);
  /// As the API's own doors say it of createTasks.
  void keep_in_audit_log(const Principal& who, AuditEntry entry);

  const ApiParts& parts_;
  const ApiGate& gate_;
  Application& inner_;
};

}  // namespace waybill::http
