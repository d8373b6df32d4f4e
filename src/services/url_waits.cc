#include "services/url_waits.h"

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "services/parallel.h"

namespace waybill {
namespace {

constexpr Duration kLookForNew = std::chrono::milliseconds(250);
constexpr Duration kUrlAnswerMax = std::chrono::seconds(10);
constexpr std::size_t kUrlsAtOnce = 8;

}  // namespace

void UrlWaits::put(const Place& place, const pipeline::Wait& wait) {
  const Lock lock(mutex_);
  entries_.try_emplace(place, Entry{.wait = wait, .next_at = clock_.steady_now()});
}

void UrlWaits::drop(const Place& place) {
  const Lock lock(mutex_);
  entries_.erase(place);
}

void UrlWaits::drop_run(const Uuid& run) {
  const Lock lock(mutex_);
  std::erase_if(entries_, [&](const auto& entry) { return entry.first.run == run; });
}

std::vector<UrlWaits::Answered> UrlWaits::take() {
  const Lock lock(mutex_);
  return std::exchange(answered_, {});
}

Result<Duration> UrlWaits::step(const Deadline& deadline) {
  std::vector<Question> questions = due(clock_.steady_now());
  if (questions.empty()) return kLookForNew;
  const SteadyTime until = std::min(deadline.at, clock_.steady_now() + kUrlAnswerMax);
  in_parallel(questions.size(), kUrlsAtOnce,
              [&](std::size_t i) { ask(questions[i], {.at = until, .stop = deadline.stop}); });
  note(questions);
  return Duration::zero();
}

std::vector<UrlWaits::Question> UrlWaits::due(SteadyTime now) {
  std::vector<Question> questions;
  const Lock lock(mutex_);
  for (const auto& [place, entry] : entries_) {
    if (entry.next_at <= now) {
      questions.push_back({.place = place, .wait = entry.wait, .due_at = entry.next_at});
    }
  }
  // Who has waited longest comes first: URLs that never answer keep no others from being asked.
  std::ranges::stable_sort(questions, {}, &Question::due_at);
  if (questions.size() > kUrlsAtOnce) questions.resize(kUrlsAtOnce);
  return questions;
}

void UrlWaits::ask(Question& question, const Deadline& deadline) {
  const auto answer = http_.send({.url = question.wait.url, .headers = {}, .body = {}}, deadline);
  if (answer) {
    question.status = answer->status;
    return;
  }
  if (answer.error().code == Code::cancelled) return;
  log::info("url_not_answered", answer.error().message,
            {{"run", to_string(question.place.run)}, {"step", question.place.path}});
}

void UrlWaits::note(const std::vector<Question>& asked) {
  const Lock lock(mutex_);
  for (const Question& each : asked) {
    const auto found = entries_.find(each.place);
    if (found == entries_.end()) continue;
    if (std::ranges::find(each.wait.statuses, each.status) != each.wait.statuses.end()) {
      answered_.push_back({.place = each.place, .status = each.status});
      entries_.erase(found);
    } else {
      found->second.next_at = clock_.steady_now() + each.wait.every;
    }
  }
}

}  // namespace waybill
