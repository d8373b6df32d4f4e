#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/uuid.h"
#include "core/import.h"
#include "ports/clock.h"
#include "ports/ledger.h"
#include "ports/queue.h"
#include "services/service.h"

namespace waybill {

/// What an Importer works with; all of it outlives the importer.
struct ImporterPorts {
  Ledger& ledger;
  Queue& from;
  Queue& refused;            ///< where malformed messages go, with the reason
  Queue* replies = nullptr;  ///< sends each message to the queue that its reply_to names
  std::function<Uuid()> fresh_id;
  std::function<Status(const TaskRequest&)> check_task;  ///< by its kind; may be empty
};

/// Makes tasks of the messages that programs of others publish: once for each message_id, else
/// correlation_id. A message is acknowledged when its task, or its copy among the refused, is on
/// disk. Who names a reply_to is told what became of it, once at least.
class Importer final : public Service {
 public:
  Importer(ImporterPorts ports, ImportDefinition import,
           std::map<std::string, TaskDefinition> definitions);

  std::string_view name() const override { return "importer"; }
  /// What has come, or comes until the deadline.
  Result<Duration> step(const Deadline& deadline) override;

 private:
  /// A message and what became of it.
  struct Taken {
    const Delivery* delivery = nullptr;
    std::optional<TaskRequest> request{};
    std::string refusal{};  ///< empty: it is a task
    std::optional<Inserted> inserted{};
    bool is_aside = false;

    bool is_done() const { return inserted || is_aside; }
  };

  Taken read(const Delivery& delivery);
  Status insert(std::vector<Taken>& taken);
  Status insert_these(const std::vector<Taken*>& taken);
  Status set_aside(std::vector<Taken>& taken);
  Status set_aside_bare(const Taken& one, const Message& copy);
  void reply(const std::vector<Taken>& taken);
  Status settle(const std::vector<Taken>& taken);

  const ImporterPorts ports_;
  const ImportDefinition import_;
  const std::map<std::string, TaskDefinition> definitions_;
  ImportReader reader_;
  /// Not settled yet: what goes wrong is tried again with them, since a broker that gets messages
  /// back counts how often.
  std::vector<Delivery> held_;
};

}  // namespace waybill
