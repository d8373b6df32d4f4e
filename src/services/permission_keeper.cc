#include "services/permission_keeper.h"

#include <algorithm>
#include <utility>

namespace waybill {

std::optional<Standing> PermissionKeeper::told(const Answer& answer, const Question& question,
                                               SteadyTime now) const {
  if (answer.known) {
    const bool enough = answer.known->role >= question.wanted;
    Duration most = enough ? params_.kept : params_.refused_kept;
    if (question.age_max) most = std::min(most, *question.age_max);
    if (now - answer.known_at < most) return answer.known;
  }
  if (now < answer.unknown_until) return answer.unknown;
  return std::nullopt;
}

Standing PermissionKeeper::standing(const Question& question, const Deadline& deadline) {
  const Key key{question.repository, question.subject};
  const SteadyTime began = clock_.steady_now();
  {
    Lock lock(mutex_);
    if (!answers_.contains(key)) make_room();
    for (;;) {
      Answer& answer = answers_[key];
      if (!answer.asking) {
        if (auto standing = told(answer, question, began)) return std::move(*standing);
        answer.asking = true;
        break;
      }
      // That answer will be as fresh as anyone can want; who asks has a deadline as we do.
      const std::uint64_t times = answer.times;
      while (answers_[key].asking && answers_[key].times == times) answered_.wait(lock);
      if (answers_[key].times != times) return answers_[key].last;
    }
  }
  const auto role = provider_.ask({.repository = question.repository,
                                   .login = question.login,
                                   .subject = question.subject,
                                   .token = question.token},
                                  deadline);
  Standing last;
  {
    const Lock lock(mutex_);
    Answer& answer = answers_[key];
    note(answer, role);
    last = answer.last;
  }
  answered_.notify_all();
  return last;
}

void PermissionKeeper::note(Answer& answer, const Result<RepositoryRole>& role) {
  const SteadyTime now = clock_.steady_now();
  answer.asking = false;
  ++answer.times;
  if (role) {
    answer.known = Standing{.is = Standing::Is::known, .role = *role, .seen_at = clock_.now()};
    answer.known_at = now;
    answer.unknown_until = {};
    answer.last = *answer.known;
    return;
  }
  answer.unknown = {.is = Standing::Is::unknown, .problem = role.error().message};
  answer.unknown_until =
      now + std::max<Duration>(params_.error_kept,
                               role.error().retry_after.value_or(std::chrono::microseconds(0)));
  answer.last = answer.unknown;
}

void PermissionKeeper::make_room() {
  if (answers_.size() < params_.answers_max) return;
  const SteadyTime now = clock_.steady_now();
  std::erase_if(answers_, [&](const auto& entry) {
    return !entry.second.asking && now - entry.second.known_at >= params_.kept;
  });
  for (auto it = answers_.begin();
       answers_.size() >= params_.answers_max && it != answers_.end();) {
    it = it->second.asking ? std::next(it) : answers_.erase(it);
  }
}

}  // namespace waybill
