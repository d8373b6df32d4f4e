#pragma once

#include <memory>
#include <stop_token>
#include <vector>

#include "adapters/amqp/queue.h"
#include "apps/waybill/kinds.h"
#include "apps/waybill/session.h"
#include "apps/waybill/store.h"
#include "core/definition.h"
#include "ports/queue.h"

namespace waybill::cli {

/// Makes tasks of the messages that the definitions' imports read.
class Importing {
 public:
  /// Null where there are no imports. `invalid_argument` where RabbitMQ is not named. Session and
  /// store outlive it.
  static Result<std::unique_ptr<Importing>> open(Session& session, Store& store,
                                                 const Definitions& definitions);
  /// From now until destruction.
  void begin();
  ~Importing();
  Importing(const Importing&) = delete;
  Importing& operator=(const Importing&) = delete;

 private:
  struct Line;  // one import
  Importing(Session& session, Kinds kinds);
  std::unique_ptr<Line> line_of(Store& store, const Definitions& definitions,
                                const ImportDefinition& import, AmqpOptions options);

  Session& session_;
  const Kinds kinds_;
  std::stop_source stop_;
  std::unique_ptr<Queue> refused_;
  std::unique_ptr<Queue> replies_;
  std::vector<std::unique_ptr<Line>> lines_;
};

}  // namespace waybill::cli
