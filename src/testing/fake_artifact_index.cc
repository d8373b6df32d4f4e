#include "testing/fake_artifact_index.h"

#include <algorithm>
#include <utility>

namespace waybill {

Status FakeArtifactIndex::check_lease(const Uuid& task, std::uint64_t fence) {
  const auto found = tasks_.get(task);
  if (!found) return fail(found.error());
  if (found->status.state == State::leased && found->status.fence == fence) return {};
  return fail(Code::aborted, "task " + to_string(task) + " is not leased with that fence any more");
}

Status FakeArtifactIndex::record(const AttemptArtifacts& attempt, Time now) {
  if (Status fits = check_artifacts(attempt.artifacts); !fits) return fits;
  const Lock lock(mutex_);
  if (Status leased = check_lease(attempt.task, attempt.fence); !leased) return leased;
  Said said{.fence = attempt.fence, .artifacts = {}};
  for (const Artifact& artifact : attempt.artifacts) {
    if (condemned_.contains(artifact.sha256)) {
      return fail(Code::unavailable, "content " + artifact.sha256 + " is being collected");
    }
    Artifact kept = artifact;
    kept.created_at = now;
    said.artifacts.emplace(artifact.name, std::move(kept));
  }
  said_[attempt.task] = std::move(said);
  return {};
}

Result<std::vector<Artifact>> FakeArtifactIndex::list(const ArtifactQuery& query) {
  const auto task = tasks_.get(query.task);
  if (!task) return fail(task.error());
  std::vector<Artifact> artifacts;
  const Lock lock(mutex_);
  const Said& said = said_[query.task];
  if (task->status.state != State::succeeded || said.fence != task->status.fence) return artifacts;
  for (auto at = said.artifacts.upper_bound(query.after);
       at != said.artifacts.end() && artifacts.size() < query.limit; ++at) {
    artifacts.push_back(at->second);
  }
  return artifacts;
}

Result<Artifact> FakeArtifactIndex::find(const Uuid& task, const std::string& name) {
  const auto all = list({.task = task, .after = "", .limit = kArtifactsMax});
  if (!all) return fail(all.error());
  const auto found = std::ranges::find(*all, name, &Artifact::name);
  if (found != all->end()) return *found;
  return fail(Code::not_found, "task " + to_string(task) + " has no such artifact");
}

Result<Artifact> FakeArtifactIndex::recorded(const Uuid& task, std::uint64_t fence,
                                             const std::string& sha256) {
  if (const Status leased = check_lease(task, fence); !leased) return fail(leased.error());
  const Lock lock(mutex_);
  const Said& said = said_[task];
  for (const auto& [name, artifact] : said.artifacts) {
    if (said.fence == fence && artifact.sha256 == sha256) return artifact;
  }
  return fail(Code::not_found, "no artifact with the content " + sha256 + " was recorded");
}

bool FakeArtifactIndex::is_needed(const std::string& content) {
  for (const auto& [id, said] : said_) {
    const bool has = std::ranges::any_of(
        said.artifacts, [&](const auto& entry) { return entry.second.sha256 == content; });
    if (!has) continue;
    const auto task = tasks_.get(id);
    if (!task || task->status.fence != said.fence) continue;
    const State state = task->status.state;
    if (state == State::leased || state == State::succeeded) return true;
  }
  return false;
}

Result<std::vector<std::string>> FakeArtifactIndex::condemn(std::span<const std::string> contents,
                                                            Time now) {
  const Lock lock(mutex_);
  std::vector<std::string> condemned;
  for (const std::string& content : contents) {
    if (!is_sha256_hex(content)) {
      return fail(Code::invalid_argument, "\"" + content + "\" is no SHA-256 in hexadecimal");
    }
    if (is_needed(content) || !condemned_.try_emplace(content, now).second) continue;
    condemned.push_back(content);
  }
  return condemned;
}

Result<std::vector<std::string>> FakeArtifactIndex::condemned(Time before, std::size_t limit) {
  const Lock lock(mutex_);
  std::vector<std::pair<Time, std::string>> found;
  for (const auto& [content, at] : condemned_) {
    if (at < before) found.emplace_back(at, content);
  }
  std::ranges::sort(found);
  std::vector<std::string> contents;
  for (auto& [at, content] : found) {
    if (contents.size() < limit) contents.push_back(std::move(content));
  }
  return contents;
}

Status FakeArtifactIndex::release(std::span<const std::string> contents, Time condemned_until) {
  const Lock lock(mutex_);
  for (const std::string& content : contents) {
    const auto found = condemned_.find(content);
    if (found != condemned_.end() && found->second <= condemned_until) condemned_.erase(found);
  }
  return {};
}

Result<StoreClaim> FakeArtifactIndex::claim() {
  const Lock lock(mutex_);
  return claim_;
}

Result<StoreClaim> FakeArtifactIndex::next_claim() {
  const Lock lock(mutex_);
  ++claim_.round;
  return claim_;
}

void FakeArtifactIndex::set_claim(const StoreClaim& claim) {
  const Lock lock(mutex_);
  claim_ = claim;
}

}  // namespace waybill
