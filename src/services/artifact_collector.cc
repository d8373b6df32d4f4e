#include "services/artifact_collector.h"

#include <algorithm>
#include <utility>

#include "base/log.h"

namespace waybill {
namespace {

constexpr std::size_t kTakenOverMax = 1000;
/// Condemned together: few, so that the last of them has not been condemned for long when its turn
/// comes, and a stop is heard soon.
constexpr std::size_t kCondemnedMax = 50;

/// Whether a store that failed so may yet do what it was asked for.
bool may_yet_happen(Code code) {
  return code != Code::permission_denied && code != Code::failed_precondition &&
         code != Code::invalid_argument && code != Code::not_found && code != Code::data_loss;
}

}  // namespace

Result<Duration> ArtifactCollector::step(const Deadline& deadline) {
  auto wait = advance(deadline);
  if (!wait) round_.reset();  // the next step begins a new one
  return wait;
}

Result<Duration> ArtifactCollector::advance(const Deadline& deadline) {
  if (!round_) {
    const Status swept = spool_ != nullptr ? spool_->sweep() : Status();
    if (!swept) return fail(swept.error());
    if (Status ours = guard_.begin_round(); !ours) return fail(ours.error());
    if (Status taken = take_over(); !taken) return fail(taken.error());
    round_.emplace();
  }
  if (round_->left.empty()) {
    if (Status ours = guard_.may_collect(); !ours) return fail(ours.error());
    if (Status looked = look(); !looked) return fail(looked.error());
  }
  if (Status collected = collect(deadline); !collected) return fail(collected.error());
  if (!round_->left.empty() || !round_->cursor.empty()) return params_.pause;
  round_.reset();
  return params_.every;
}

/// What a collector that died has condemned may be recorded again; if it is still there, and nobody
/// has it, this round condemns it anew.
Status ArtifactCollector::take_over() {
  const Time until = ledger_.now() - params_.take_over_after;
  const auto condemned = index_.condemned(until, kTakenOverMax);
  if (!condemned) {
    return fail(with_context(condemned.error(), "looking for condemned artifacts"));
  }
  return condemned->empty() ? Status() : index_.release(*condemned, until);
}

Status ArtifactCollector::look() {
  auto page = store_.kept(round_->cursor);
  if (!page) return fail(with_context(page.error(), "looking for artifacts that nobody has"));
  round_->not_put_after = ledger_.now() - params_.keep_new;
  round_->cursor = std::move(page->next_cursor);
  for (KeptContent& kept : page->contents) {
    if (kept.kept_at > round_->not_put_after) continue;
    round_->left.push_back(std::move(kept.content.sha256));
  }
  return {};
}

Status ArtifactCollector::collect(const Deadline& deadline) {
  std::vector<std::string>& left = round_->left;
  if (left.empty() || deadline.stop_requested()) return {};
  const auto count = static_cast<std::ptrdiff_t>(std::min(left.size(), kCondemnedMax));
  const std::vector<std::string> candidates(left.end() - count, left.end());
  left.erase(left.end() - count, left.end());
  const Time now = ledger_.now();
  const auto condemned = index_.condemn(candidates, now);
  if (!condemned) return fail(with_context(condemned.error(), "looking for artifacts' tasks"));
  return condemned->empty() ? Status() : remove(*condemned, now, deadline);
}

Status ArtifactCollector::remove(const std::vector<std::string>& condemned, Time at,
                                 const Deadline& deadline) {
  Status failed;
  std::size_t removed = 0;
  std::vector<std::string> settled;
  for (const std::string& content : condemned) {
    // Another one takes over what was condemned for too long: what is begun ends well before.
    const bool goes_on =
        !deadline.stop_requested() && ledger_.now() - at < params_.take_over_after / 2;
    const Status done = goes_on ? store_.remove(content, round_->not_put_after) : Status();
    if (!done) failed = done;
    // What the store may yet remove stays condemned until it surely will not.
    if (!done && may_yet_happen(done.error().code)) continue;
    settled.push_back(content);
    if (goes_on && done) ++removed;
  }
  if (removed > 0) {
    log::info("artifacts_collected", "contents that no task has any more were removed",
              {{"contents", removed}});
  }
  if (Status released = index_.release(settled, at); !released) return released;
  return failed ? Status()
                : fail(with_context(failed.error(), "removing artifacts that nobody has"));
}

}  // namespace waybill
