#include "ports/collection_store.h"

#include <algorithm>
#include <map>

namespace waybill {

Result<std::vector<CollectionItem>> distinct_items(std::span<const CollectionItem> items) {
  std::vector<CollectionItem> distinct;
  std::map<std::string_view, std::size_t> at;
  for (const CollectionItem& item : items) {
    if (Status fits = check_item(item); !fits) return fail(fits.error());
    const auto [known, is_new] = at.try_emplace(item.url, distinct.size());
    if (is_new) {
      distinct.push_back({.url = item.url, .title = item.title, .description = item.description});
      continue;
    }
    CollectionItem& first = distinct[known->second];
    if (!item.title.empty()) first.title = item.title;
    if (!item.description.empty()) first.description = item.description;
  }
  return distinct;
}

Result<std::vector<Metadata>> metadata_of(const FetchNote& note) {
  std::vector<Metadata> all;
  for (const std::string& meta : note.metadata) {
    if (metadata_digest(meta).empty()) {
      return fail(Code::invalid_argument, "metadata is a JSON object of at most 1 MiB");
    }
    const Time at = std::max(note.fetch.tried_at, note.fetch.fetched_at);
    all.push_back({.subject = note.fetch.cid,
                   .hash = metadata_hash(note.fetch.cid, at, meta),
                   .at = at,
                   .meta = meta});
  }
  return all;
}

Result<Collection> changed_collection(const Collection& kept, const CollectionChange& change) {
  if (change.expected && *change.expected != kept) {
    return fail(Code::aborted, "the collection " + to_string(kept.id) +
                                   " has changed since it was read; read it again, and decide "
                                   "anew");
  }
  Collection after = kept;
  if (change.title) after.title = *change.title;
  if (change.description) after.description = *change.description;
  if (change.creator) after.creator = *change.creator;
  after.changed_at = std::max(kept.changed_at, change.at);
  if (Status fits = check_collection(after); !fits) return fail(fits.error());
  return after;
}

tl::unexpected<Error> no_collection(const Uuid& id) {
  return fail(Code::not_found, "there is no collection " + to_string(id));
}

tl::unexpected<Error> no_item(const FetchNote& note) {
  return fail(Code::not_found, "the collection " + to_string(note.collection) +
                                   ", or this URL of it, is there no more: " + note.url);
}

}  // namespace waybill
