#pragma once

#include <cstdint>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "apps/waybill/runtime/definition_sources.h"
#include "apps/waybill/runtime/definitions_apply.h"
#include "apps/waybill/session.h"
#include "apps/waybill/store.h"
#include "base/mutex.h"
#include "core/definition.h"
#include "core/metrics_text.h"
#include "services/service.h"
#include "services/service_loop.h"

namespace waybill::cli {

/// Keeps the definitions of a server up to date: asks the repositories every --definitions-every,
/// and takes what another process has taken into the same data directory within a second.
/// Thread-safe but for step().
class DefinitionFollower final : public Service {
 public:
  /// When the remotes are asked for the first time.
  enum class FirstAsked : std::uint8_t {
    before,  ///< in begin()
    after,  ///< once it follows, unless nothing is kept of one of them: one that hangs holds nobody
            ///< up
  };
  /// Makes the registry say what holds. A remote that cannot be asked is no error. Session and
  /// store outlive it.
  static Result<std::unique_ptr<DefinitionFollower>> begin(Session& session, Store& store,
                                                           FirstAsked asked, std::stop_token stop);
  ~DefinitionFollower() override;

  std::shared_ptr<const Definitions> now() const;
  /// It outlives whoever asks.
  CurrentDefinitions current() const {
    return [this] { return now(); };
  }
  /// Follows from then on, on a thread of its own; nothing is done where nothing is followed.
  void start();
  /// For GET /metrics.
  void add_metrics(std::vector<MetricSample>& samples) const;

  std::string_view name() const override { return "definitions"; }
  Result<Duration> step(const Deadline& deadline) override;

 private:
  DefinitionFollower(Session& session, Store& store, std::unique_ptr<DefinitionSources> sources);
  Status take(DefinitionSources::Loaded loaded);

  Session& session_;
  Store& store_;
  const std::unique_ptr<DefinitionSources> sources_;
  SteadyTime due_{};
  std::string stamp_;
  std::vector<TakenName> taken_;  ///< schedules that others have
  mutable Mutex mutex_;
  std::shared_ptr<const Definitions> now_ GUARDED_BY(mutex_);  ///< with those who work with them
  std::vector<SourceState> states_ GUARDED_BY(mutex_);
  std::unique_ptr<ServiceLoop> loop_;  // last: it uses all of the above
};

}  // namespace waybill::cli
