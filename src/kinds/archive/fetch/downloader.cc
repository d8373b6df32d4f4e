#include "kinds/archive/fetch/downloader.h"

#include <algorithm>
#include <utility>

#include "core/fetch/digest_fields.h"
#include "core/fetch/url_reference.h"
#include "kinds/archive/fetch/text.h"
#include "kinds/archive/fetch/visit.h"
#include "kinds/archive/outcomes.h"

namespace waybill {
namespace {

/// A connection that has brought so much is worth another one.
constexpr std::int64_t kGainBytesMin = 1 << 16;

/// Where several URLs failed, what is hoped for most: another attempt, then what says most.
int hope_of(const Error& error) {
  if (error.code == Code::cancelled) return 3;
  if (is_no_turn(error)) return 2;
  const Outcome outcome = outcome_of(error);
  const auto* failed = std::get_if<outcome::Failed>(&outcome);
  return failed != nullptr && failed->failure_class == FailureClass::transient ? 2 : 1;
}

std::string name_of(const FetchOrder& order) {
  return order.name.empty() ? file_name_of_url(order.urls.front())
                            : order.name.substr(order.name.rfind('/') + 1);
}

/// Digests that servers say on the way: of the answer, and of redirects to mirrors (RFC 6249).
struct SaidDigest {
  std::string sha256;
  std::string by;
};
void note_digests(const HttpResponse& head, bool is_redirect, std::vector<SaidDigest>& said) {
  for (const char* name : {"repr-digest", "digest"}) {
    // Of a redirect only the older field is of what it leads to.
    if (is_redirect && std::string_view(name) == "repr-digest") continue;
    for (const auto& [field, value] : head.headers) {
      if (field != name) continue;
      if (auto digest = sha256_of_field(value)) said.push_back({std::move(*digest), name});
    }
  }
}

void note_head(const HttpResponse& head, Downloaded& downloaded) {
  downloaded.media_type = header(head, "content-type");
  downloaded.content_encoding = header(head, "content-encoding");
  downloaded.etag = header(head, "etag");
  downloaded.last_modified = header(head, "last-modified");
}

/// Compares with the size and all digests that are known. What is wrong is not kept.
Status check_digests(const std::string& expected, const std::vector<SaidDigest>& said,
                     const FetchOrder& order, PartialFile& partial, Downloaded& downloaded) {
  if (order.size_bytes >= 0 && downloaded.size_bytes != order.size_bytes) {
    if (Status emptied = partial.restart({}); !emptied) return emptied;
    return wrong_size(downloaded.url, std::to_string(downloaded.size_bytes), order);
  }
  downloaded.sha256 = partial.sha256();
  std::vector<SaidDigest> all = said;
  if (!order.metalink_sha256.empty()) {
    all.insert(all.begin(), {order.metalink_sha256, "metalink"});
  } else if (!expected.empty() && order.sha256.empty()) {
    all.insert(all.begin(), {expected, "sha256_url"});
  }
  if (!order.sha256.empty()) all.insert(all.begin(), {order.sha256, "sha256"});
  for (const SaidDigest& each : all) {
    if (each.sha256 != downloaded.sha256) {
      if (Status emptied = partial.restart({}); !emptied) return emptied;
      return fail(Code::data_loss, shown_url(downloaded.url) + " has the SHA-256 " +
                                       downloaded.sha256 + ", but by " + each.by + " it is " +
                                       each.sha256 + "; it was not kept");
    }
    if (std::ranges::find(downloaded.checked, each.by) == downloaded.checked.end()) {
      downloaded.checked.push_back(each.by);
    }
  }
  return {};
}

}  // namespace

Result<std::string> Downloader::expected_digest(const Terms& terms) {
  const FetchOrder& order = terms.order;
  if (!order.sha256.empty()) return order.sha256;
  if (order.sha256_url.empty()) return order.metalink_sha256;
  const auto text = fetch_text({.url = order.sha256_url,
                                .what = "its file of digests",
                                .redirects_max = params_.redirects_max},
                               http_, clock_, terms.deadline);
  if (!text) return fail(text.error());
  auto digest = sha256_in_sums(*text, name_of(order));
  if (!digest) return fail(with_context(digest.error(), shown_url(order.sha256_url)));
  return digest;
}

Result<Downloaded> Downloader::fetch(const Terms& terms, PartialFile& partial) {
  if (terms.order.urls.empty()) return fail(Code::invalid_argument, "url param is required");
  const auto expected = expected_digest(terms);
  if (!expected) return fail(expected.error());
  std::optional<Error> best;
  for (const std::string& url : terms.order.urls) {
    auto fetched = fetch_from(url, *expected, terms, partial);
    if (fetched) return fetched;
    const Error& error = fetched.error();
    if (error.code == Code::cancelled) return fetched;
    if (terms.log && terms.order.urls.size() > 1) terms.log(error.message);
    if (!best || hope_of(error) > hope_of(*best)) best = error;
  }
  return fail(std::move(*best));
}

Result<Downloaded> Downloader::fetch_from(const std::string& url, const std::string& expected,
                                          const Terms& terms, PartialFile& partial) {
  std::vector<SaidDigest> said;
  std::string at = url;
  int hops = 0;
  int fresh_starts = 0;
  std::int64_t most = partial.size_bytes();  // that were ever there
  while (true) {
    FetchVisit visit(
        {.http = http_, .clock = clock_, .params = params_, .terms = terms, .partial = partial},
        expected);
    const auto end = visit.ask(url, at);
    if (!end) {
      // Cut off: as long as something comes, it goes on at once where it was.
      const bool is_resumable = !partial.source().validator.empty() || !expected.empty();
      // More than ever before, that is: a server that begins anew each time would never end.
      const bool is_gain = is_resumable && partial.size_bytes() >= most + kGainBytesMin;
      most = std::max(most, partial.size_bytes());
      const bool goes_on = end.error().code == Code::aborted && visit.received() > 0 &&
                           (is_gain || ++fresh_starts < params_.fresh_starts_max);
      if (!goes_on) return fail(end.error());
      if (terms.log) terms.log(end.error().message + "; going on");
      continue;
    }
    switch (*end) {
      case FetchVisit::End::not_modified:
        return Downloaded{.is_modified = false, .url = at};
      case FetchVisit::End::useless: {
        if (++fresh_starts >= params_.fresh_starts_max) {
          return fail(Code::aborted, shown_url(at) + " does not go on where it was cut off");
        }
        if (Status emptied = partial.restart({}); !emptied) return fail(emptied.error());
        break;
      }
      case FetchVisit::End::redirected:
        note_digests(visit.head(), true, said);
        if (++hops > params_.redirects_max) {
          return fail(Code::failed_precondition, shown_url(url) + " redirects without end");
        }
        if (expected.empty() && is_https_url(at) && !is_https_url(visit.location())) {
          return fail(Code::failed_precondition,
                      shown_url(at) + " redirects to what is not encrypted, " +
                          shown_url(visit.location()) +
                          "; say which digest it has with sha256 or sha256_url");
        }
        at = visit.location();
        break;
      case FetchVisit::End::whole: {
        Downloaded downloaded{.url = at, .size_bytes = partial.size_bytes()};
        note_head(visit.head(), downloaded);
        note_digests(visit.head(), false, said);
        Status right = check_digests(expected, said, terms.order, partial, downloaded);
        if (!right) return fail(right.error());
        return downloaded;
      }
    }
  }
}

}  // namespace waybill
