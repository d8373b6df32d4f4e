// Collections of URLs, looked at and changed.

#include <boost/json.hpp>
#include <string>
#include <vector>

#include "base/digest.h"
#include "base/json.h"
#include "core/collection.h"
#include "http/api/new_task.h"
#include "http/api/routes.h"
#include "http/etag.h"
#include "ports/collection_store.h"

namespace waybill::http {
namespace {

namespace bj = boost::json;

struct Desk {
  CollectionStore& store;
  const ApiParts& parts;
};

std::string etag_of(const Collection& collection) {
  constexpr std::size_t kDigits = 32;
  return "\"" + to_hex(sha256(json::serialize(collection_to_json(collection)))).substr(0, kDigits) +
         "\"";
}

Answer<Reply> with_collection(const Collection& collection) {
  Response response = json_response(collection_to_json(collection));
  response.headers.emplace_back("ETag", etag_of(collection));
  return response;
}

Answer<Reply> list_collections(const Desk& desk, const Call& call) {
  CollectionQuery query{.limit = static_cast<std::size_t>(call.query.integer("limit"))};
  if (call.query.has("after")) {
    const auto after = parse_uuid(call.query.text("after"));
    if (!after) return refuse(after.error());
    query.after = *after;
  }
  const auto page = desk.store.page(query);
  if (!page) return refuse(page.error());
  bj::array array;
  for (const Collection& collection : *page) array.push_back(collection_to_json(collection));
  return json_response(bj::object{{"collections", std::move(array)}});
}

Answer<Reply> get_collection(const Desk& desk, const Call& call) {
  const auto id = id_in_path(call, "collection");
  if (!id) return refuse(id.error());
  const auto collection = desk.store.find(*id);
  if (!collection) return refuse(collection.error());
  return with_etag(call, json_response(collection_to_json(*collection)), etag_of(*collection));
}

Answer<Reply> list_items(const Desk& desk, const Call& call) {
  const auto id = id_in_path(call, "collection");
  if (!id) return refuse(id.error());
  if (const auto there = desk.store.find(*id); !there) return refuse(there.error());
  const auto page =
      desk.store.items({.collection = *id,
                        .after = call.query.integer("after"),
                        .limit = static_cast<std::size_t>(call.query.integer("limit"))});
  if (!page) return refuse(page.error());
  bj::array array;
  for (const CollectionItem& item : *page) array.push_back(item_to_json(item));
  return json_response(bj::object{{"items", std::move(array)}});
}

/// Each as `{url, title, description}`; the document has their types.
std::vector<CollectionItem> items_in(const Fields& fields) {
  std::vector<CollectionItem> items;
  const auto* all = fields.find("items");
  if (all == nullptr) return items;
  for (const bj::value& each : all->get_array()) {
    const Fields item(each.get_object());
    items.push_back({.url = item.text("url"),
                     .title = item.text("title"),
                     .description = item.text("description")});
  }
  return items;
}

Answer<Reply> create_collection(const Desk& desk, const Call& call) {
  const Fields fields(call.body.get_object());
  const Collection wanted{.id = call.key.empty() ? desk.parts.new_id() : keyed_id(call, 0),
                          .url = fields.text("url"),
                          .title = fields.text("title"),
                          .description = fields.text("description"),
                          .creator = call.who.name,
                          .created_at = desk.parts.clock.now()};
  const auto items = items_in(fields);
  // What is wrong with an item makes no collection.
  if (const Status fits = check_collection(wanted); !fits) return refuse(fits.error());
  if (const auto distinct = distinct_items(items); !distinct) return refuse(distinct.error());
  const auto put = desk.store.put(wanted);
  if (!put) return refuse_storage(put.error());
  const auto added = desk.store.add_items(put->collection.id, items);
  if (!added) return refuse_storage(added.error());
  const bool is_made = put->done == CollectionPutDone::made;
  Response response = json_response(bj::object{{"created", is_made},
                                               {"added", *added},
                                               {"collection", collection_to_json(put->collection)}},
                                    is_made ? 201 : 200);
  response.headers.emplace_back("ETag", etag_of(put->collection));
  return response;
}

Answer<Reply> patch_collection(const Desk& desk, const Call& call) {
  const auto id = id_in_path(call, "collection");
  if (!id) return refuse(id.error());
  const Fields fields(call.body.get_object());
  CollectionChange change{.id = *id, .at = desk.parts.clock.now()};
  if (fields.has("title")) change.title = fields.text("title");
  if (fields.has("description")) change.description = fields.text("description");
  if (fields.has("creator")) change.creator = fields.text("creator");
  const auto has_changed = [&] {
    return refuse(problem_of(412, "collection " + to_string(*id) +
                                      " has changed since it was read; read it again, and decide "
                                      "anew"));
  };
  if (call.request.has_header("if-match")) {
    const auto kept = desk.store.find(*id);
    if (!kept) return refuse(kept.error());
    if (!names_etag(call.request.header("if-match"), etag_of(*kept), EtagsAre::strong)) {
      return has_changed();
    }
    change.expected = *kept;
  }
  const auto after = desk.store.change(change);
  if (after) return with_collection(*after);
  if (after.error().code == Code::aborted) return has_changed();
  return after.error().code == Code::invalid_argument ? refuse(after.error())
                                                      : refuse_storage(after.error());
}

Answer<Reply> remove_collection(const Desk& desk, const Call& call) {
  const auto id = id_in_path(call, "collection");
  if (!id) return refuse(id.error());
  const auto kept = desk.store.find(*id);
  if (!kept) return refuse(kept.error());
  if (const Status removed = desk.store.remove(*id); !removed) {
    return refuse_storage(removed.error());
  }
  return json_response(collection_to_json(*kept));
}

Answer<Reply> add_items(const Desk& desk, const Call& call) {
  const auto id = id_in_path(call, "collection");
  if (!id) return refuse(id.error());
  const auto items = items_in(Fields(call.body.get_object()));
  if (const auto distinct = distinct_items(items); !distinct) return refuse(distinct.error());
  const auto added = desk.store.add_items(*id, items);
  if (!added) return refuse_storage(added.error());
  return json_response(bj::object{{"added", *added}});
}

Answer<Reply> remove_items(const Desk& desk, const Call& call) {
  const auto id = id_in_path(call, "collection");
  if (!id) return refuse(id.error());
  std::vector<std::string> urls;
  for (const bj::value& url : call.body.get_object().at("urls").get_array()) {
    urls.emplace_back(url.get_string());
  }
  const auto removed = desk.store.remove_items(*id, urls);
  if (!removed) return refuse_storage(removed.error());
  return json_response(bj::object{{"removed", *removed}});
}

}  // namespace

void add_collection_handlers(const ApiParts& parts, Handlers& handlers) {
  using Serve = Answer<Reply> (*)(const Desk&, const Call&);
  const auto add = [&](const char* operation, Serve serve) {
    handlers[operation] = [&parts, serve](const Call& call) -> Answer<Reply> {
      if (parts.collections == nullptr) {
        return refuse(
            Error{.code = Code::unimplemented, .message = "this server has no collections"});
      }
      return serve({.store = *parts.collections, .parts = parts}, call);
    };
  };
  add("listCollections", list_collections);
  add("getCollection", get_collection);
  add("listCollectionItems", list_items);
  add("createCollection", create_collection);
  add("patchCollection", patch_collection);
  add("removeCollection", remove_collection);
  add("addCollectionItems", add_items);
  add("removeCollectionItems", remove_items);
}

}  // namespace waybill::http
