#include "kinds/archive/kiwix/source_memory.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace waybill {
namespace {

constexpr std::size_t kItemsAtOnce = 500;

}  // namespace

Result<SourceMemory> SourceMemory::open(CollectionStore& store, const Task& task,
                                        const std::string& listed_at, Time now) {
  SourceMemory memory(store, "told by task " + to_string(task.id()));
  const auto put = store.put(
      {.id = task.id(), .url = listed_at, .title = "Dumps of " + listed_at, .created_at = now});
  if (!put) return fail(put.error());
  memory.collection_ = put->collection.id;
  for (std::int64_t after = 0;;) {
    const auto page =
        store.items({.collection = memory.collection_, .after = after, .limit = kItemsAtOnce});
    if (!page) return fail(page.error());
    if (page->empty()) return memory;
    after = page->back().position;
    for (const CollectionItem& item : *page) memory.marks_[item.url] = item.description;
  }
}

bool SourceMemory::is_known(const std::string& url) const {
  const auto found = marks_.find(url);
  return found != marks_.end() && found->second != mark_;
}

Status SourceMemory::remember(std::span<const CollectionItem> dumps) {
  std::vector<CollectionItem> marked(dumps.begin(), dumps.end());
  for (CollectionItem& item : marked) item.description = mark_;
  const std::span<const CollectionItem> all(marked);
  for (std::size_t i = 0; i < all.size(); i += kItemsAtOnce) {
    const auto added =
        store_->add_items(collection_, all.subspan(i, std::min(kItemsAtOnce, all.size() - i)));
    if (!added) return fail(added.error());
  }
  return {};
}

}  // namespace waybill
