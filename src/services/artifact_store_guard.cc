#include "services/artifact_store_guard.h"

#include <charconv>
#include <optional>
#include <utility>

namespace waybill {
namespace {

constexpr Duration kGoodFor = std::chrono::minutes(1);

std::string text_of(const StoreClaim& claim) {
  return claim.ledger + " " + std::to_string(claim.round) + "\n";
}

/// None: it was not written by text_of.
std::optional<StoreClaim> claim_in(std::string_view text) {
  const std::size_t space = text.find(' ');
  if (space == text.npos || text.back() != '\n') return std::nullopt;
  StoreClaim claim{.ledger = std::string(text.substr(0, space)), .round = 0};
  const std::string_view round = text.substr(space + 1, text.size() - space - 2);
  const auto read = std::from_chars(round.data(), round.data() + round.size(), claim.round);
  if (read.ec != std::errc() || read.ptr != round.data() + round.size()) return std::nullopt;
  return claim;
}

/// A person has to do something.
Error refusal(std::string message) {
  return {.code = Code::failed_precondition,
          .message = std::move(message),
          .retry_after = std::chrono::minutes(5)};
}

tl::unexpected<Error> anothers(const StoreOwner& owner, const StoreClaim& own) {
  return fail(refusal("the artifact store is another ledger's, as " + owner.place +
                      " says, and not of " + own.ledger +
                      ", which this one is: give this ledger a store of its own with the setting "
                      "artifact_store; if the other one is gone for good, remove " +
                      owner.place));
}

tl::unexpected<Error> went_on(const StoreOwner& owner, const StoreClaim& own) {
  return fail(
      refusal("no artifacts are collected: this ledger is a copy, of round " +
              std::to_string(own.round) + ", and " + owner.place +
              " says that the ledger it was copied from went on. If that one is still in use, "
              "give this one a store of its own with the setting artifact_store; if this one "
              "was restored in its place and that will not be undone, remove " +
              owner.place));
}

}  // namespace

Status ArtifactStoreGuard::check(Copies copies) {
  const auto own = index_.claim();
  if (!own) return fail(own.error());
  auto owner = store_.owner();
  if (!owner) return fail(owner.error());
  if (owner->text.empty()) {
    const Status set = store_.set_owner(text_of(*own), SetOwner::if_absent);
    if (set) return {};
    if (set.error().code != Code::already_exists) return set;
    owner = store_.owner();
    if (!owner) return fail(owner.error());
  }
  const auto claim = claim_in(owner->text);
  if (!claim || claim->ledger != own->ledger) return anothers(*owner, *own);
  if (copies == Copies::refused && claim->round > own->round) return went_on(*owner, *own);
  return {};
}

Status ArtifactStoreGuard::may_keep(Time now) {
  {
    const Lock lock(mutex_);
    if (now < good_until_) return {};
  }
  if (Status checked = check(Copies::let); !checked) return checked;
  const Lock lock(mutex_);
  good_until_ = now + kGoodFor;
  return {};
}

Status ArtifactStoreGuard::may_collect() { return check(Copies::refused); }

Status ArtifactStoreGuard::begin_round() {
  if (Status checked = check(Copies::refused); !checked) return checked;
  // The ledger first: a crash in between leaves it ahead, which is fine.
  const auto next = index_.next_claim();
  if (!next) return fail(next.error());
  return store_.set_owner(text_of(*next), SetOwner::replace);
}

}  // namespace waybill
