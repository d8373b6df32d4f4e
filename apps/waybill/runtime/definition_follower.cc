#include "apps/waybill/runtime/definition_follower.h"

#include <algorithm>
#include <utility>

#include "apps/waybill/runtime/applied_from.h"
#include "apps/waybill/runtime/scan_keeping.h"
#include "base/log.h"
#include "core/git_source.h"

namespace waybill::cli {
namespace {

/// How long another process's sync may go unseen.
constexpr Duration kLookEvery = std::chrono::seconds(1);
/// Of a step: every source has its own limit, which is well below that.
constexpr Duration kStepMax = std::chrono::minutes(10);

/// Once for what is new: a remote that is gone for a day is one line, not a thousand.
void tell(const SourceState& state, const SourceState* before) {
  if (before == nullptr || before->commit != state.commit) {
    if (!state.commit.empty()) {
      log::info("definitions_taken", "definitions of a repository were taken",
                {{"source", state.source},
                 {"commit", state.commit},
                 {"files", state.files.size()},
                 {"problems", state.problems.size()}});
    }
  }
  if (!state.error.empty() && (before == nullptr || before->error != state.error)) {
    log::error("definitions_remote_failed",
               "a repository of definitions could not be asked; what was kept of it goes on",
               {{"source", state.source}, {"error", state.error}});
  }
  if (before != nullptr && !before->error.empty() && state.error.empty()) {
    log::info("definitions_remote_answers", "a repository of definitions answers again",
              {{"source", state.source}});
  }
  if (before != nullptr && before->problems == state.problems) return;
  for (const Problem& problem : state.problems) {
    log::error("definitions_wrong",
               "a file of definitions is wrong; it is held as it last was right, if it ever was",
               {{"source", state.source}, {"problem", to_string(problem)}});
  }
}

bool hold_the_same(const std::vector<SourceState>& a, const std::vector<SourceState>& b) {
  return std::equal(
      a.begin(), a.end(), b.begin(), b.end(), [](const SourceState& one, const SourceState& other) {
        return one.source == other.source && one.commit == other.commit && one.files == other.files;
      });
}

/// Of --definitions, once for what is new; those of a repository are told with its problems.
void tell_of_own(const std::vector<TakenName>& taken, const std::vector<TakenName>& before) {
  for (const TakenName& each : taken) {
    if (!each.source.empty() || std::ranges::find(before, each) != before.end()) continue;
    log::error("definitions_wrong", "a schedule of --definitions is not taken",
               {{"problem", to_string(each.problem)}});
  }
}

}  // namespace

DefinitionFollower::DefinitionFollower(Session& session, Store& store,
                                       std::unique_ptr<DefinitionSources> sources)
    : session_(session),
      store_(store),
      sources_(std::move(sources)),
      now_(std::make_shared<const Definitions>()) {}

DefinitionFollower::~DefinitionFollower() {
  if (loop_) loop_->stop();
}

Result<std::unique_ptr<DefinitionFollower>> DefinitionFollower::begin(Session& session,
                                                                      Store& store,
                                                                      FirstAsked asked,
                                                                      std::stop_token stop) {
  auto sources = DefinitionSources::create(session.config(), session.clock());
  if (!sources) return fail(sources.error());
  std::unique_ptr<DefinitionFollower> follower(
      new DefinitionFollower(session, store, std::move(*sources)));
  auto loaded = follower->sources_->look();
  if (!loaded) return fail(loaded.error());
  follower->due_ = session.clock().steady_now();
  if (asked == FirstAsked::before || !loaded->is_complete() || !loaded->problems.empty()) {
    loaded = follower->sources_->sync({.at = kSteadyTimeMax, .stop = std::move(stop)});
    if (!loaded) return fail(loaded.error());
    follower->due_ += session.config().definitions_every;
  }
  follower->stamp_ = follower->sources_->stamp();
  if (Status taken = follower->take(std::move(*loaded)); !taken) return fail(taken.error());
  return follower;
}

std::shared_ptr<const Definitions> DefinitionFollower::now() const {
  const Lock lock(mutex_);
  return now_;
}

void DefinitionFollower::start() {
  if (!sources_->any()) return;
  loop_ = std::make_unique<ServiceLoop>(
      *this, session_.clock(),
      ServiceLoopParams{.step_max = kStepMax, .seed = session_.rng().next()});
}

Status DefinitionFollower::take(DefinitionSources::Loaded loaded) {
  std::vector<SourceState> before;
  bool is_first = false;
  {
    const Lock lock(mutex_);
    before = states_;
    is_first = states_.empty();
  }
  const bool is_new = is_first || !hold_the_same(before, loaded.states);
  // A name that others had may be free by now.
  if (is_new || !taken_.empty()) {
    auto taken = apply_definitions(loaded.definitions,
                                   applied_from(session_.config(), *sources_, loaded.states),
                                   store_.registry(), store_.ledger().now());
    if (!taken) return fail(taken.error());
    tell_of_own(*taken, taken_);
    taken_ = std::move(*taken);
  }
  if (is_new) keep_definitions(store_, loaded.definitions);
  add_problems(taken_, loaded.states);
  for (const SourceState& state : loaded.states) {
    const auto known = std::find_if(before.begin(), before.end(), [&](const SourceState& each) {
      return each.source == state.source;
    });
    tell(state, known == before.end() ? nullptr : &*known);
  }
  const Lock lock(mutex_);
  if (is_new) now_ = std::make_shared<const Definitions>(std::move(loaded.definitions));
  states_ = std::move(loaded.states);
  return {};
}

Result<Duration> DefinitionFollower::step(const Deadline& deadline) {
  const SteadyTime start = session_.clock().steady_now();
  const bool is_due = start >= due_;
  if (!is_due && sources_->stamp() == stamp_) return std::min(due_ - start, kLookEvery);
  auto loaded = is_due ? sources_->sync(deadline) : sources_->load();
  if (!loaded) return fail(loaded.error());
  if (is_due) due_ = session_.clock().steady_now() + session_.config().definitions_every;
  // What is written while it is taken is seen the next time; what could not be taken too.
  const std::string stamp = sources_->stamp();
  if (Status taken = take(std::move(*loaded)); !taken) return fail(taken.error());
  stamp_ = stamp;
  return std::min(session_.config().definitions_every, kLookEvery);
}

void DefinitionFollower::add_metrics(std::vector<MetricSample>& samples) const {
  const Lock lock(mutex_);
  for (const SourceState& state : states_) {
    const std::string labels = labelled("", "source", state.source);
    samples.push_back({.name = "waybill_definitions_source_well",
                       .labels = labels,
                       .value = state.is_well() ? 1.0 : 0.0,
                       .help = "Whether a repository of definitions answered when it was asked "
                               "last, and all of its files are right."});
    samples.push_back({.name = "waybill_definitions_problems",
                       .labels = labels,
                       .value = static_cast<double>(state.problems.size()),
                       .help = "What is wrong in the files of a repository of definitions."});
    samples.push_back(
        {.name = "waybill_definitions_checked_timestamp_seconds",
         .labels = labels,
         .value = static_cast<double>(state.checked_at.time_since_epoch().count()) / 1e6,
         .help = "When a repository of definitions was asked last."});
  }
}

}  // namespace waybill::cli
