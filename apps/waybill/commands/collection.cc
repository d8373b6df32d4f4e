#include <boost/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "apps/waybill/cli/dry_run.h"
#include "apps/waybill/cli/table.h"
#include "apps/waybill/commands/audit.h"
#include "apps/waybill/commands/commands.h"
#include "apps/waybill/commands/option_values.h"
#include "apps/waybill/commands/user.h"
#include "apps/waybill/commands/views.h"
#include "base/json.h"
#include "core/collection.h"

namespace waybill::cli {
namespace {

namespace bj = boost::json;

constexpr IntegerRange kLimits = {.least = 1, .most = 10'000};

Error with_list_hint(Error error) {
  if (error.code == Code::not_found) error.message += "; see `waybill collection list`";
  return error;
}

Result<Uuid> id_of(const Invocation& invocation) {
  const auto id = parse_uuid(invocation.positionals[0]);
  if (id) return *id;
  return fail(Code::invalid_argument, "\"" + invocation.positionals[0] +
                                          "\" is no id of a collection; `waybill collection list` "
                                          "has them");
}

std::string when(Time time) { return time == Time{} ? "" : to_the_second(time); }

Exit list_collections(Session& session, const Invocation& invocation) {
  const auto limit = integer_option(invocation, "limit", 100, kLimits);
  if (!limit) return fail(limit.error());
  Uuid after;
  if (invocation.has("after")) {
    const auto id = parse_uuid(invocation.text("after"));
    if (!id) return fail(with_context(id.error(), "--after"));
    after = *id;
  }
  const auto store = session.store(OpenStore::reading);
  if (!store) return fail(store.error());
  const auto page = (*store)->beside().collections.page(
      {.after = after, .limit = static_cast<std::size_t>(*limit)});
  if (!page) return fail(page.error());
  Output& output = session.output();
  if (output.json()) {
    bj::array array;
    for (const Collection& collection : *page) array.push_back(collection_to_json(collection));
    output.json_line(bj::object{{"collections", std::move(array)}});
    return 0;
  }
  Table table({"ID", "TITLE", "URL", "CREATED", "INDEX"});
  for (const Collection& each : *page) {
    table.add({to_string(each.id), each.title, each.url, when(each.created_at), each.index_cid});
  }
  if (table.empty()) {
    output.note(
        "no collections; make one with `waybill collection create`, or a task of kind "
        "collection.fromGist");
  } else {
    output.data(table.text(output));
  }
  return 0;
}

std::string details_of(const Collection& collection) {
  return "id           " + to_string(collection.id) + "\ntitle        " + collection.title +
         "\nurl          " + collection.url + "\ndescription  " + collection.description +
         "\ncreator      " + collection.creator + "\ncreated      " + when(collection.created_at) +
         "\nindex        " + collection.index_cid + "\nindexed      " +
         when(collection.indexed_at) + "\n";
}

Exit show_collection(Session& session, const Invocation& invocation) {
  const auto id = id_of(invocation);
  if (!id) return fail(id.error());
  const auto limit = integer_option(invocation, "limit", 100, kLimits);
  if (!limit) return fail(limit.error());
  const auto after = integer_option(invocation, "after", 0, {.least = 0});
  if (!after) return fail(after.error());
  const auto store = session.store(OpenStore::reading);
  if (!store) return fail(store.error());
  CollectionStore& collections = (*store)->beside().collections;
  const auto collection = collections.find(*id);
  if (!collection) return fail(with_list_hint(collection.error()));
  const auto items = collections.items(
      {.collection = *id, .after = *after, .limit = static_cast<std::size_t>(*limit)});
  if (!items) return fail(items.error());
  Output& output = session.output();
  if (output.json()) {
    bj::object object = collection_to_json(*collection);
    bj::array array;
    for (const CollectionItem& item : *items) array.push_back(item_to_json(item));
    object["items"] = std::move(array);
    output.json_line(object);
    return 0;
  }
  output.data(details_of(*collection));
  if (items->empty()) return 0;
  Table table({"ITEM", "URL", "FETCHED", "CID", "WHY NOT"});
  for (const CollectionItem& item : *items) {
    table.add({std::to_string(item.position), item.url, when(item.fetch.fetched_at), item.fetch.cid,
               item.fetch.error});
  }
  output.data("\n" + table.text(output));
  return 0;
}

std::vector<CollectionItem> items_given(const Invocation& invocation) {
  std::vector<CollectionItem> items;
  for (const std::string& url : invocation.texts("item")) items.push_back({.url = url});
  return items;
}

Exit tell_put(Session& session, Doing doing, const Uuid& id, bool made, std::size_t added) {
  Output& output = session.output();
  if (output.json()) {
    output.json_line(
        answer(doing, bj::object{{"id", to_string(id)}, {"created", made}, {"added", added}}));
    return 0;
  }
  output.note("collection " + to_string(id) + (doing == Doing::dry ? " would be " : " is ") +
              (made ? "made" : "changed") + ", with " +
              counted(static_cast<std::int64_t>(added), "new item"));
  return 0;
}

Exit create_collection(Session& session, const Invocation& invocation) {
  const Doing doing = doing_of(invocation);
  const auto store = session.store(opened_for(doing, OpenStore::create));
  if (!store) return fail(store.error());
  const Time now = session.clock().now();
  const Collection collection{.id = UuidMaker(session.rng()).next(now),
                              .url = invocation.text("url"),
                              .title = invocation.text("title"),
                              .description = invocation.text("description"),
                              .creator = "cli:" + user_name(),
                              .created_at = now};
  if (Status fits = check_collection(collection); !fits) return fail(fits.error());
  const auto items = items_given(invocation);
  const auto distinct = distinct_items(items);
  if (!distinct) return fail(with_context(distinct.error(), "--item"));
  if (doing == Doing::dry) return tell_put(session, doing, collection.id, true, distinct->size());
  CollectionStore& collections = (*store)->beside().collections;
  const auto put = collections.put(collection);
  if (!put) return fail(put.error());
  const auto added = collections.add_items(put->collection.id, items);
  if (!added) return fail(added.error());
  keep_in_audit_log(session, **store, invocation.command, to_string(put->collection.id));
  return tell_put(session, doing, put->collection.id, put->done == CollectionPutDone::made, *added);
}

Exit add_to_collection(Session& session, const Invocation& invocation) {
  const auto id = id_of(invocation);
  if (!id) return fail(id.error());
  const auto items = items_given(invocation);
  if (items.empty()) return fail(Code::invalid_argument, "--item is missing: a URL to add");
  const auto distinct = distinct_items(items);
  if (!distinct) return fail(with_context(distinct.error(), "--item"));
  const Doing doing = doing_of(invocation);
  const auto store = session.store(opened_for(doing, OpenStore::existing));
  if (!store) return fail(store.error());
  CollectionStore& collections = (*store)->beside().collections;
  const auto there = collections.find(*id);
  if (!there) return fail(with_list_hint(there.error()));
  if (doing == Doing::dry) return tell_put(session, doing, *id, false, distinct->size());
  const auto added = collections.add_items(*id, items);
  if (!added) return fail(with_list_hint(added.error()));
  keep_in_audit_log(session, **store, invocation.command, to_string(*id));
  return tell_put(session, doing, *id, false, *added);
}

Exit change_collection(Session& session, const Invocation& invocation) {
  const auto id = id_of(invocation);
  if (!id) return fail(id.error());
  CollectionChange change{.id = *id, .at = session.clock().now()};
  for (const auto& [name, into] :
       {std::pair{"title", &change.title}, std::pair{"description", &change.description},
        std::pair{"creator", &change.creator}}) {
    if (invocation.has(name)) *into = invocation.text(name);
  }
  if (!change.title && !change.description && !change.creator) {
    return fail(Code::invalid_argument,
                "what is to be another is not said: --title, --description or --creator");
  }
  const Doing doing = doing_of(invocation);
  const auto store = session.store(opened_for(doing, OpenStore::existing));
  if (!store) return fail(store.error());
  CollectionStore& collections = (*store)->beside().collections;
  const auto there = collections.find(*id);
  if (!there) return fail(with_list_hint(there.error()));
  const auto after =
      doing == Doing::dry ? changed_collection(*there, change) : collections.change(change);
  if (!after) return fail(with_list_hint(after.error()));
  if (doing == Doing::really) {
    keep_in_audit_log(session, **store, invocation.command, to_string(*id));
  }
  Output& output = session.output();
  if (output.json()) {
    output.json_line(answer(doing, collection_to_json(*after)));
  } else {
    output.note("collection " + to_string(*id) +
                (doing == Doing::dry ? " would be changed" : " is changed"));
  }
  return 0;
}

/// How many of these URLs are among its items.
Result<std::size_t> count_there(CollectionStore& store, const Uuid& id,
                                const std::set<std::string>& urls) {
  constexpr std::size_t kMany = 1000;
  std::size_t count = 0;
  for (std::int64_t after = 0;;) {
    const auto page = store.items({.collection = id, .after = after, .limit = kMany});
    if (!page) return fail(page.error());
    if (page->empty()) return count;
    after = page->back().position;
    for (const CollectionItem& item : *page) count += urls.count(item.url);
  }
}

/// Not the collection, but some of its URLs.
Exit take_out(Session& session, const Invocation& invocation, const Uuid& id) {
  const std::vector<std::string> urls = invocation.texts("item");
  const Doing doing = doing_of(invocation);
  const auto store = session.store(opened_for(doing, OpenStore::existing));
  if (!store) return fail(store.error());
  CollectionStore& collections = (*store)->beside().collections;
  if (const auto there = collections.find(id); !there) return fail(with_list_hint(there.error()));
  const auto removed = doing == Doing::dry
                           ? count_there(collections, id, {urls.begin(), urls.end()})
                           : collections.remove_items(id, urls);
  if (!removed) return fail(with_list_hint(removed.error()));
  if (doing == Doing::really) {
    keep_in_audit_log(session, **store, invocation.command, to_string(id));
  }
  Output& output = session.output();
  if (output.json()) {
    output.json_line(answer(
        doing,
        bj::object{{"id", to_string(id)}, {"removed_items", static_cast<std::int64_t>(*removed)}}));
  } else {
    output.note(
        counted(static_cast<std::int64_t>(*removed), "item") +
        (doing == Doing::dry ? " would be taken out of collection " : " taken out of collection ") +
        to_string(id));
  }
  return 0;
}

Exit remove_collection(Session& session, const Invocation& invocation) {
  const auto id = id_of(invocation);
  if (!id) return fail(id.error());
  if (invocation.has("item")) return take_out(session, invocation, *id);
  const Doing doing = doing_of(invocation);
  const auto store = session.store(opened_for(doing, OpenStore::existing));
  if (!store) return fail(store.error());
  CollectionStore& collections = (*store)->beside().collections;
  if (const auto there = collections.find(*id); !there) {
    return fail(with_list_hint(there.error()));
  }
  if (doing == Doing::really) {
    if (Status done = collections.remove(*id); !done) return fail(with_list_hint(done.error()));
    keep_in_audit_log(session, **store, invocation.command, to_string(*id));
  }
  Output& output = session.output();
  if (output.json()) {
    output.json_line(answer(doing, bj::object{{"removed", to_string(*id)}}));
  } else {
    output.note("collection " + to_string(*id) +
                (doing == Doing::dry ? " would be removed" : " is removed"));
  }
  return 0;
}

}  // namespace

std::vector<Command> collection_commands() {
  const Positional id{"ID", "the collection, as `waybill collection list` has it"};
  const Option item{"item", "URL", "a URL of it; may be given several times", Option::Times::many};
  const Option limit{"limit", "N", "at most so many, up to 10000; 100 if not said"};
  return {
      {.path = "collection list",
       .summary = "List collections of URLs, the oldest first",
       .examples = {"waybill collection list", "waybill collection list --limit 10 --json"},
       .options = {limit, {"after", "ID", "those that come after this one"}},
       .run = list_collections},
      {.path = "collection show",
       .summary = "Show a collection, and what came of each of its URLs",
       .examples = {"waybill collection show 019ac3f2-5b1e-7c4a-9d3e-2f6b8a1c0d5e"},
       .positionals = {id},
       .options = {limit, {"after", "N", "items after this one"}},
       .run = show_collection},
      {.path = "collection create",
       .summary = "Make a collection, or describe the one of a URL anew",
       .examples = {"waybill collection create --title Tides --item https://tides.example/a.csv"},
       .details =
           "A collection may stand for a URL, as that of a catalogue; there is one for each. "
           "Tasks fetch what is in it: docs/reference/archive-kinds.md.",
       .options = {{"title", "TEXT", "what it is called"},
                   {"url", "URL", "that it stands for"},
                   {"description", "TEXT", "what it holds"},
                   item,
                   kDryRun},
       .run = create_collection},
      {.path = "collection add",
       .summary = "Add URLs to a collection; those that are in it stay as they are",
       .examples = {"waybill collection add 019ac3f2-5b1e-7c4a-9d3e-2f6b8a1c0d5e --item "
                    "https://tides.example/b.csv"},
       .positionals = {id},
       .options = {item, kDryRun},
       .run = add_to_collection},
      {.path = "collection change",
       .summary = "Say something else of a collection; an empty text takes away what was said",
       .examples = {"waybill collection change 019ac3f2-5b1e-7c4a-9d3e-2f6b8a1c0d5e --title Tides"},
       .positionals = {id},
       .options = {{"title", "TEXT", "what it is called"},
                   {"description", "TEXT", "what it holds"},
                   {"creator", "TEXT", "who made it"},
                   kDryRun},
       .run = change_collection},
      {.path = "collection remove",
       .summary = "Remove a collection, or URLs of it; what was fetched stays where it is",
       .examples = {"waybill collection remove 019ac3f2-5b1e-7c4a-9d3e-2f6b8a1c0d5e",
                    "waybill collection remove 019ac3f2-5b1e-7c4a-9d3e-2f6b8a1c0d5e --item "
                    "https://tides.example/b.csv"},
       .positionals = {id},
       .options = {{"item", "URL",
                    "take this URL out, and leave the collection; may be given several times",
                    Option::Times::many},
                   kDryRun},
       .run = remove_collection}};
}

}  // namespace waybill::cli
