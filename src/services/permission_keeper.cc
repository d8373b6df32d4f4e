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
  std::shared_ptr<Asking> asking;
  bool is_anothers = false;
  {
    const Lock lock(mutex_);
    if (!answers_.contains(key)) make_room();
    Answer& answer = answers_[key];
    is_anothers = answer.asking != nullptr;
    if (!is_anothers) {
      if (auto standing = told(answer, question, began)) return std::move(*standing);
      answer.asking = std::make_shared<Asking>();
    }
    asking = answer.asking;
  }
  // That answer will be as fresh as anyone can want.
  if (is_anothers) return await(*asking, deadline);
  const auto role = provider_.ask({.repository = question.repository,
                                   .login = question.login,
                                   .subject = question.subject,
                                   .token = question.token},
                                  deadline);
  Standing last;
  {
    const Lock lock(mutex_);
    // Who has no time left was not told in time, which says nothing of the provider.
    const bool was_cut_off =
        !role && !role.error().retry_after && clock_.steady_now() >= deadline.at;
    last = note(answers_[key], role, was_cut_off ? Duration::zero() : params_.error_kept);
    asking->told = last;
  }
  answered_.ring();
  return last;
}

Standing PermissionKeeper::await(const Asking& asking, const Deadline& deadline) {
  for (auto woken = Bell::Woken::rung;;) {
    const std::uint64_t seen = answered_.rung();
    {
      const Lock lock(mutex_);
      if (asking.told) return *asking.told;
    }
    if (woken == Bell::Woken::in_vain) break;
    woken = answered_.wait(seen, deadline, clock_);
  }
  return {.is = Standing::Is::unknown,
          .problem = "the same was asked just before, and is not answered in time"};
}

Standing PermissionKeeper::note(Answer& answer, const Result<RepositoryRole>& role,
                                Duration error_kept) {
  const SteadyTime now = clock_.steady_now();
  answer.asking = nullptr;
  if (role) {
    answer.known = Standing{.is = Standing::Is::known, .role = *role, .seen_at = clock_.now()};
    answer.known_at = now;
    answer.unknown_until = {};
    return *answer.known;
  }
  answer.unknown = {.is = Standing::Is::unknown, .problem = role.error().message};
  answer.unknown_until =
      now + std::max<Duration>(error_kept,
                               role.error().retry_after.value_or(std::chrono::microseconds(0)));
  return answer.unknown;
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
