#include <algorithm>
#include <iterator>
#include <utility>

#include "kinds/archive/collect/archiver.h"

namespace waybill {

bool Archiver::failed_here(const CollectionItem& item) const {
  return item.fetch.failure == FetchFailure::permanent && item.fetch.tried_at != Time{} &&
         item.fetch.tried_at >= ports_.task.created_at;
}

Status Archiver::remember_failures() {
  constexpr std::size_t kItemsAtOnce = 500;
  for (std::int64_t after = 0;;) {
    const auto page = ports_.desk.collections->items(
        {.collection = terms_.collection, .after = after, .limit = kItemsAtOnce});
    if (!page) return fail(page.error());
    if (page->empty()) return {};
    after = page->back().position;
    for (const CollectionItem& item : *page) {
      if (failed_here(item)) refused_[item.url] = item.fetch.error;
    }
  }
}

const std::string* Archiver::refused_before(const std::string& url) const {
  const auto found = refused_.find(url);
  return found == refused_.end() ? nullptr : &found->second;
}

Status Archiver::note_in_pieces(FetchNote note) {
  constexpr std::size_t kSaidAtOnce = 100;
  std::vector<std::string> all = std::move(note.metadata);
  for (std::size_t at = 0; at == 0 || at < all.size(); at += kSaidAtOnce) {
    const std::size_t end = std::min(all.size(), at + kSaidAtOnce);
    note.metadata.assign(std::make_move_iterator(all.begin() + static_cast<std::ptrdiff_t>(at)),
                         std::make_move_iterator(all.begin() + static_cast<std::ptrdiff_t>(end)));
    if (Status noted = ports_.desk.collections->note(note); !noted) return noted;
    note.is_new = false;
  }
  return {};
}

}  // namespace waybill
