#pragma once

#include <memory>

#include "ports/clock.h"
#include "ports/http_client.h"
#include "ports/task_kind.h"

namespace waybill {

/// Kind `notify.webhook`: posts a CloudEvent that tells what its params say, signed as messages of
/// webhooks are (Standard Webhooks). Its id is the task's, however often it is sent.
class WebhookKind final : public TaskKind {
 public:
  /// To refuse what can never run, and no more.
  WebhookKind() = default;
  /// `http` decides where it may connect to. The clock outlives it.
  WebhookKind(std::unique_ptr<HttpClient> http, Clock& clock)
      : http_(std::move(http)), clock_(&clock) {}

  std::string_view name() const override;
  Status check(const TaskRequest& request) const override;
  std::string_view spec_schema() const override;
  Outcome run(const Task& task, TaskContext& context) override;

 private:
  const std::unique_ptr<HttpClient> http_{};
  Clock* const clock_ = nullptr;
};

/// The CloudEvent of a task of that kind.
std::string notification_event(const Task& task);

}  // namespace waybill
