#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/uuid.h"
#include "core/json_schema.h"
#include "core/task.h"
#include "core/task_definition.h"

namespace waybill {

/// Whose messages become tasks: a queue of RabbitMQ that programs of others publish to.
struct ImportDefinition {
  std::string name;
  std::string queue;
  std::string exchange;  ///< that the queue is bound to; empty: publishers name the queue
  std::string routing_key;
  bool durable = true;                       ///< how the queue is made, if it is missing
  std::map<std::string, std::string> types;  ///< `type` of a message -> task definition
  std::string task;  ///< definition of messages without a type; empty: they are refused

  bool operator==(const ImportDefinition&) const = default;
};

/// What of a message counts.
struct ImportMessage {
  std::string_view message_id;
  std::string_view correlation_id;
  std::string_view type;
  std::string_view user_id;
  std::string_view body;
};

/// Makes tasks of the messages of one import. For one thread at a time.
class ImportReader {
 public:
  /// Both outlive it.
  ImportReader(const ImportDefinition& import,
               const std::map<std::string, TaskDefinition>& definitions)
      : import_(import), definitions_(definitions) {}

  /// The task that a message asks for. One with an id (message_id, else correlation_id) is the same
  /// task each time, by its key that is held for ever; that of another has `fresh_id`.
  /// `invalid_argument` says what is wrong with the message.
  Result<TaskRequest> read(const ImportMessage& message, const Uuid& fresh_id);

 private:
  Result<const TaskDefinition*> definition_of(std::string_view type) const;

  const ImportDefinition& import_;
  const std::map<std::string, TaskDefinition>& definitions_;
  ParamsChecks checks_;
};

}  // namespace waybill
