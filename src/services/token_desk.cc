#include "services/token_desk.h"

#include <algorithm>

#include "core/suggest.h"

namespace waybill {
namespace {

/// The very same token, if it is known already: then making it again changes nothing, so that a
/// machine may do it whenever it starts.
const TokenRecord* find_same(const std::vector<TokenRecord>& records, const TokenRecord& wanted) {
  const auto found = std::ranges::find_if(records, [&](const TokenRecord& record) {
    return record.id == wanted.id && record.name == wanted.name && record.role == wanted.role &&
           record.rate_limit == wanted.rate_limit &&
           equal_in_constant_time(record.hash, wanted.hash);
  });
  return found == records.end() ? nullptr : &*found;
}

/// The token that is not revoked and has that name.
const TokenRecord* find_holder(const std::vector<TokenRecord>& records, const std::string& name) {
  const auto found = std::ranges::find_if(records, [&](const TokenRecord& record) {
    return record.name == name && record.revoked_at == Time{};
  });
  return found == records.end() ? nullptr : &*found;
}

Status check_maker(const TokenRecord& wanted, Role maker) {
  if (may_give(maker, wanted.role)) return {};
  return fail(Code::permission_denied,
              "a token with the role " + std::string(to_string(wanted.role)) + " may do what a " +
                  std::string(to_string(maker)) +
                  " may not: nobody makes a token with more rights than their own");
}

}  // namespace

std::string title_of(const TokenRecord& record) { return record.name + " (" + record.id + ")"; }

Result<TokenDesk::Making> TokenDesk::plan(const TokenRecord& wanted, Role maker, Taken taken) {
  if (const Status fits = check_token(wanted); !fits) return fail(fits.error());
  if (const Status may_make = check_maker(wanted, maker); !may_make) return fail(may_make.error());
  const auto records = tokens_.list();
  if (!records) return fail(records.error());
  Making making;
  if (const TokenRecord* same = find_same(*records, wanted)) {
    making.known = *same;
    return making;
  }
  // Its id is taken for ever: nobody is to lose a token for one that cannot be.
  const auto taken_by = std::ranges::find(*records, wanted.id, &TokenRecord::id);
  if (taken_by != records->end()) {
    return fail(Code::already_exists,
                "that text is, or was, the token " + title_of(*taken_by) + " with the role " +
                    std::string(to_string(taken_by->role)) +
                    (taken_by->revoked_at == Time{} ? "" : ", revoked") +
                    ": one text is one token for ever; make a new text for another role, name or "
                    "rate limit");
  }
  const TokenRecord* holder = find_holder(*records, wanted.name);
  if (holder == nullptr) return making;
  if (taken == Taken::refuse) {
    return fail(Code::already_exists, "there is a token " + title_of(*holder) +
                                          " already; take another name, or revoke that one first");
  }
  making.replaced = *holder;
  return making;
}

Result<TokenDesk::Making> TokenDesk::put(const TokenRecord& wanted, Role maker, Taken taken) {
  auto making = plan(wanted, maker, taken);
  if (!making || making->known) return making;
  if (making->replaced) {
    const Status revoked = tokens_.revoke(making->replaced->id, wanted.created_at);
    if (!revoked) return fail(revoked.error());
    tell(Did::revoked, *making->replaced);
  }
  if (const Status put = tokens_.put(wanted); !put) {
    if (put.error().code != Code::already_exists) return fail(put.error());
    // Another machine that starts may have made it known meanwhile.
    auto rival = plan(wanted, maker, taken);
    if (!rival || rival->known) return rival;
    return fail(put.error());
  }
  tell(Did::made, wanted);
  return making;
}

Result<TokenRecord> TokenDesk::find(std::string_view wanted) {
  // A whole token, as somebody finds it where it should not be, is never repeated in a message.
  const auto whole = parse_api_token(wanted);
  const std::string name = whole ? whole->id : std::string(wanted);
  auto records = tokens_.list();
  if (!records) return fail(records.error());
  const TokenRecord* found = nullptr;
  std::vector<std::string> known;
  for (const TokenRecord& record : *records) {
    if (record.id == name) return record;
    known.push_back(record.name);
    if (record.name != name) continue;
    if (found == nullptr || found->revoked_at != Time{}) found = &record;
  }
  if (found != nullptr) return *found;
  return fail(Code::not_found, "there is no token \"" + name + "\"" + did_you_mean(name, known));
}

Result<TokenDesk::Revoked> TokenDesk::revoke(std::string_view wanted, Time at) {
  auto record = find(wanted);
  if (!record) return fail(record.error());
  if (record->revoked_at != Time{}) return Revoked{.record = std::move(*record), .was = true};
  if (const Status revoked = tokens_.revoke(record->id, at); !revoked) return fail(revoked.error());
  record->revoked_at = at;
  tell(Did::revoked, *record);
  return Revoked{.record = std::move(*record)};
}

}  // namespace waybill
