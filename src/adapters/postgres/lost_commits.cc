#include <algorithm>
#include <set>
#include <utility>

#include "adapters/postgres/writer.h"
#include "base/log.h"

// What became of commits whose answer was lost.
namespace waybill::postgres {
namespace {

/// How long the end of a lost session is waited for, and how often it is looked for.
constexpr Duration kInquiryMax = std::chrono::seconds(20);
constexpr Duration kInquiryEvery = std::chrono::milliseconds(20);

}  // namespace

Status Writer::settle_removals(const Group& group, const Deadline& limit) {
  for (WriteCall* call : group) {
    if (call->maybe_removed.empty()) continue;
    std::set<Uuid> missing(call->maybe_removed.begin(), call->maybe_removed.end());
    for (const Uuid& id : call->removed) missing.erase(id);
    const std::vector<Uuid> ids(missing.begin(), missing.end());
    const auto known =
        database_.read(Sql::known_ids, std::move(postgres::Params().uuids(ids)), limit);
    if (!known) return fail(commit_not_known(known.error()));
    for (int row = 0; row < known->size(); ++row) missing.erase(known->uuid(row, 0));
    call->removed.insert(call->removed.end(), missing.begin(), missing.end());
  }
  return {};
}

Status Writer::await_end(const CommitIdentity& identity, const Deadline& limit) {
  Clock& clock = database_.pool().clock();
  const std::stop_token hurry = database_.pool().connect_params().hurry;
  const SteadyTime patience = std::min(limit.at, clock.steady_now() + kInquiryMax);
  postgres::Params session;
  session.integer(identity.backend).integer(identity.began_at);
  for (;;) {
    // While the server still has the session, the transaction may commit yet.
    const auto found = database_.read(Sql::end_session, session, limit);
    if (!found) return fail(found.error());
    const bool is_primary = found->integer(0, 0) == 0;
    if (is_primary && found->integer(0, 1) == 0) return {};
    if (clock.steady_now() >= patience || hurry.stop_requested()) {
      return fail(Code::unavailable, is_primary ? "the session whose answer was lost does not end"
                                                : "the server that answers is a standby");
    }
    if (!is_primary) database_.pool().forget_idle();
    clock.wait_until(clock.steady_now() + kInquiryEvery, hurry);
  }
}

Result<bool> Writer::find_commit(const CommitIdentity& identity, const Deadline& limit) {
  if (Status ended = await_end(identity, limit); !ended) return fail(ended.error());
  return find_tag(identity.tag, limit);
}

Result<bool> Writer::find_tag(const Uuid& tag, const Deadline& limit) {
  const auto found =
      database_.read(Sql::find_commit, std::move(postgres::Params().uuid(tag)), limit);
  if (!found) return fail(found.error());
  const bool committed = found->integer(0, 0) != 0;
  if (!committed && found->integer(0, 1) != 0) {
    return fail(Code::unavailable, "the server that answers is a standby");
  }
  log::warn("commit_answer_lost", "the answer to a commit was lost; the ledger was asked",
            {{"committed", committed}});
  return committed;
}

}  // namespace waybill::postgres
