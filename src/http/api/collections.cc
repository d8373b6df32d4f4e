// Collections of URLs, looked at; tasks and the command line change them.

#include <boost/json.hpp>

#include "core/collection.h"
#include "http/api/routes.h"
#include "ports/collection_store.h"

namespace waybill::http {
namespace {

namespace bj = boost::json;

Answer<Reply> list_collections(CollectionStore& store, const Call& call) {
  CollectionQuery query{.limit = static_cast<std::size_t>(call.query.integer("limit"))};
  if (call.query.has("after")) {
    const auto after = parse_uuid(call.query.text("after"));
    if (!after) return refuse(after.error());
    query.after = *after;
  }
  const auto page = store.page(query);
  if (!page) return refuse(page.error());
  bj::array array;
  for (const Collection& collection : *page) array.push_back(collection_to_json(collection));
  return json_response(bj::object{{"collections", std::move(array)}});
}

Answer<Reply> get_collection(CollectionStore& store, const Call& call) {
  const auto id = id_in_path(call, "collection");
  if (!id) return refuse(id.error());
  const auto collection = store.find(*id);
  if (!collection) return refuse(collection.error());
  return json_response(collection_to_json(*collection));
}

Answer<Reply> list_items(CollectionStore& store, const Call& call) {
  const auto id = id_in_path(call, "collection");
  if (!id) return refuse(id.error());
  if (const auto there = store.find(*id); !there) return refuse(there.error());
  const auto page = store.items({.collection = *id,
                                 .after = call.query.integer("after"),
                                 .limit = static_cast<std::size_t>(call.query.integer("limit"))});
  if (!page) return refuse(page.error());
  bj::array array;
  for (const CollectionItem& item : *page) array.push_back(item_to_json(item));
  return json_response(bj::object{{"items", std::move(array)}});
}

}  // namespace

void add_collection_handlers(const ApiParts& parts, Handlers& handlers) {
  using Serve = Answer<Reply> (*)(CollectionStore&, const Call&);
  const auto add = [&](const char* operation, Serve serve) {
    handlers[operation] = [&parts, serve](const Call& call) -> Answer<Reply> {
      if (parts.collections == nullptr) {
        return refuse(
            Error{.code = Code::unimplemented, .message = "this server has no collections"});
      }
      return serve(*parts.collections, call);
    };
  };
  add("listCollections", list_collections);
  add("getCollection", get_collection);
  add("listCollectionItems", list_items);
}

}  // namespace waybill::http
