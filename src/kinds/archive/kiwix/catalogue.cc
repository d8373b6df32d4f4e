#include "kinds/archive/kiwix/catalogue.h"

#include <set>
#include <utility>

#include "core/fetch/url_reference.h"
#include "kinds/archive/fetch/text.h"

namespace waybill {
namespace {

constexpr std::size_t kPageBytesMax = std::size_t{16} << 20;
constexpr std::int64_t kEntriesAtOnce = 200;
constexpr std::size_t kEntriesMax = 200'000;
constexpr int kPagesMax = 5'000;

std::string page_url(const std::string& url, std::size_t start) {
  return url + (url.find('?') == url.npos ? "?" : "&") + "start=" + std::to_string(start) +
         "&count=" + std::to_string(kEntriesAtOnce);
}

}  // namespace

Result<std::vector<OpdsEntry>> entries_of_catalogue(const std::string& url, ArchiveDesk& desk,
                                                    TaskContext& context) {
  std::vector<OpdsEntry> entries;
  std::set<std::string> seen;
  std::string at = page_url(url, 0);
  for (int number = 0; number < kPagesMax; ++number) {
    const auto text =
        fetch_text({.url = at, .what = "the catalogue", .bytes_max = kPageBytesMax}, *desk.web,
                   desk.clock, {.at = context.deadline(), .stop = context.stop()});
    if (!text) return fail(text.error());
    auto page = read_opds(*text);
    if (!page) return fail(with_context(page.error(), "the catalogue, " + shown_url(at)));
    const std::size_t before = seen.size();
    std::set<std::string> fresh;
    for (const std::string& id : page->ids) {
      if (seen.insert(id).second) fresh.insert(id);
    }
    // Each page is of what was not there before; a repeated entry counts once.
    for (OpdsEntry& entry : page->entries) {
      if (fresh.erase(entry.id) > 0) entries.push_back(std::move(entry));
    }
    const bool is_new = seen.size() > before;
    const bool is_all = page->total && seen.size() >= static_cast<std::size_t>(*page->total);
    if (is_all || (!is_new && !page->total)) return entries;
    if (!is_new) {
      return fail(Code::failed_precondition,
                  "the catalogue at " + shown_url(url) + " says that it has " +
                      std::to_string(*page->total) + " entries, and lists no more than " +
                      std::to_string(seen.size()));
    }
    if (seen.size() > kEntriesMax) break;
    if (page->next.empty()) {
      at = page_url(url, seen.size());
    } else {
      auto next = resolve_http_url(at, page->next);
      if (!next) return fail(with_context(next.error(), "the catalogue's next page"));
      at = std::move(*next);
    }
  }
  return fail(Code::failed_precondition, "the catalogue at " + shown_url(url) + " has no end");
}

}  // namespace waybill
