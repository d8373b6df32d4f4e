#include "kinds/archive/morph/ingest.h"

#include <algorithm>
#include <boost/json.hpp>
#include <limits>

#include "base/ascii.h"
#include "base/digest.h"
#include "base/json.h"
#include "base/utf8.h"
#include "core/artifact.h"
#include "core/size.h"
#include "kinds/archive/collect/text_upload.h"
#include "kinds/archive/file_text.h"

namespace waybill {
namespace {

namespace bj = boost::json;

/// Rows may have numbers below zero too.
constexpr std::int64_t kBeforeAll = std::numeric_limits<std::int64_t>::min();
constexpr std::size_t kRowsAtOnce = 200;
constexpr std::size_t kFailuresShown = 20;
/// Of runs whose URL and time are remembered.
constexpr std::size_t kRunsMax = 100'000;

std::string head_of(const std::string& media_type, std::int64_t size) {
  return "HTTP/1.1 200 OK\r\nContent-Type: " + media_type +
         "\r\nContent-Length: " + std::to_string(size) + "\r\n\r\n";
}

bool is_url_of_item(const std::string& url) { return check_item({.url = url}).has_value(); }

}  // namespace

/// A table whose rows have a content each.
struct MorphIngest::Source {
  std::string table;
  std::string content;
  std::string digest;
  std::string name;   ///< column; empty: the content has none
  std::string about;  ///< column with what is said of it
};

std::string MorphIngest::url_of(const Source& source, std::int64_t id) const {
  return "morph://" + order_.scraper + "/" + source.table + "/" + std::to_string(id);
}

void MorphIngest::tell() {
  ports_.steps.items("archiving file " + std::to_string(done_) + "/" + std::to_string(tally_.files),
                     done_, tally_.files, tally_.failed);
}

Result<MorphTally> MorphIngest::run() {
  const Source sources[] = {{"files", "file_contents", "file_SHA256", "filename", "comments"},
                            {"runs_metadata", "body_content", "body_SHA256", "", "headers"}};
  for (const Source& source : sources) {
    const auto count = ports_.database.count(source.table);
    if (!count) return fail(count.error());
    tally_.files += *count;
  }
  tell();
  if (Status read = take_runs(); !read) return fail(read.error());
  for (const Source& source : sources) {
    if (Status taken = take_all(source); !taken) return fail(taken.error());
  }
  if (Status taken = take_urls(); !taken) return fail(taken.error());
  return tally_;
}

Status MorphIngest::take_runs() {
  std::vector<CollectionItem> items;
  for (std::int64_t after = kBeforeAll;;) {
    const auto rows =
        ports_.database.rows("runs_metadata", {"run_id", "url", "timestamp"}, after, kRowsAtOnce);
    if (!rows) return fail(rows.error());
    for (const auto& row : *rows) {
      after = row.id;
      last_run_ = row.texts[0];
      if (runs_.size() < kRunsMax) runs_[row.texts[0]] = {row.texts[1], row.texts[2]};
      items.push_back({.url = row.texts[1]});
    }
    if (Status added = add_urls(items); !added) return added;
    if (rows->empty()) return {};
  }
}

Status MorphIngest::take_all(const Source& source) {
  const std::vector<std::string> columns = {source.digest, source.name, source.about, "run_id",
                                            "timestamp"};
  for (std::int64_t after = kBeforeAll;;) {
    const auto rows = ports_.database.rows(source.table, columns, after, kRowsAtOnce);
    if (!rows) return fail(rows.error());
    if (rows->empty()) return {};
    for (const auto& row : *rows) {
      after = row.id;
      if (ports_.context.stop().stop_requested()) return fail(Code::cancelled, "asked to stop");
      if (Status taken = take(source, row); !taken) return taken;
      ++done_;
      tell();
    }
  }
}

Status MorphIngest::take(const Source& source, const ForeignDatabase::Row& row) {
  const std::string url = url_of(source, row.id);
  const std::string said = to_lower(row.texts[0]);
  const std::string& name = row.texts[1];
  const auto run = runs_.find(row.texts[3]);
  const std::string page = run == runs_.end() ? std::string() : run->second.first;
  const std::string title(utf8_prefix(name.empty() ? page : name, 1000));
  const std::string metadata =
      json::serialize(bj::object{{"title", json::text(title)},
                                 {"scraper", json::text(order_.scraper)},
                                 {"table", json::text(source.table)},
                                 {"row", row.id},
                                 {"run_id", json::text_or_null(row.texts[3])},
                                 {"url", json::text_or_null(page)},
                                 {"timestamp", json::text_or_null(row.texts[4])},
                                 {json::text(source.about), json::text_or_null(row.texts[2])}});
  const CollectionItem items[] = {{.url = url, .title = title}};
  const auto added = ports_.desk.collections->add_items(collection_, items);
  if (!added) return fail(added.error());
  if (is_sha256_hex(said)) {
    const auto known = is_known(url, said, metadata);
    if (!known) return fail(known.error());
    if (*known) return {};
  }
  const Status read = read_content(source, row.id);
  if (!read && (read.error().code == Code::out_of_range || read.error().code == Code::not_found)) {
    return note_failure(url, title, read.error().message);
  }
  if (!read) return read;
  if (is_sha256_hex(said) && said != content_sha256_) {
    return note_failure(url, title,
                        "its content has the SHA-256 " + content_sha256_ + ", but by " +
                            source.digest + " it is " + said);
  }
  const Time now = ports_.desk.clock.now();
  const std::string file = name.substr(name.find_last_of("/\\") + 1);
  return keep(url, title,
              {.tried_at = now,
               .fetched_at = now,
               .status = 200,
               .size_bytes = content_.size_bytes(),
               .media_type = name.empty() ? "text/html" : std::string(media_type_of(name)),
               .sha256 = content_sha256_},
              content_.upload(check_artifact_name(file) ? file : "content"), metadata);
}

/// Whether the node was given the same not long ago, or by this very task.
Result<bool> MorphIngest::is_known(const std::string& url, const std::string& sha256,
                                   const std::string& metadata) {
  const auto newest = ports_.desk.collections->snapshots({.url = url, .limit = 1});
  if (!newest) return fail(newest.error());
  const Time since = std::min(ports_.task.created_at, ports_.desk.clock.now() - order_.terms.fresh);
  const bool is_it = !newest->empty() && newest->front().fetch.sha256 == sha256 &&
                     !newest->front().fetch.cid.empty() &&
                     newest->front().fetch.fetched_at >= since;
  if (!is_it) return false;
  const Status noted = ports_.desk.collections->note({.collection = collection_,
                                                      .url = url,
                                                      .fetch = newest->front().fetch,
                                                      .metadata = {metadata},
                                                      .is_new = false});
  if (!noted) return fail(noted.error());
  ++tally_.known;
  return true;
}

/// `not_found`: there is none. `out_of_range`: it is too large.
Status MorphIngest::read_content(const Source& source, std::int64_t id) {
  if (Status emptied = content_.restart(); !emptied) return emptied;
  Sha256 digest;
  const auto read = ports_.database.content(
      source.table, source.content, id, [&](std::string_view bytes) -> Status {
        digest.add(bytes);
        content_.add(bytes);
        if (!content_.written()) return content_.written();
        if (content_.size_bytes() <= order_.terms.bytes_max) return {};
        return fail(Code::out_of_range, "it has more than the limit of " +
                                            format_size(order_.terms.bytes_max) +
                                            "; raise limits.artifacts in the definition's spec");
      });
  if (!read) return fail(read.error());
  if (!*read) return fail(Code::not_found, "it has no content");
  content_sha256_ = to_hex(digest.finish());
  return {};
}

Status MorphIngest::keep(const std::string& url, const std::string& title, UrlFetch fetch,
                         ipfs::UploadFile file, const std::string& metadata) {
  auto head = give(text_upload(file.name, head_of(fetch.media_type, fetch.size_bytes)));
  if (!head) return fail(with_context(head.error(), "Error writing " + title + " to ipfs"));
  auto cid = give(std::move(file));
  if (!cid) return fail(with_context(cid.error(), "Error writing " + title + " to ipfs"));
  fetch.header_cid = std::move(*head);
  fetch.cid = std::move(*cid);
  const Status noted = ports_.desk.collections->note(
      {.collection = collection_, .url = url, .fetch = std::move(fetch), .metadata = {metadata}});
  if (noted) ++tally_.archived;
  return noted;
}

Status MorphIngest::note_failure(const std::string& url, const std::string& title,
                                 const std::string& why) {
  const Status noted = ports_.desk.collections->note(
      {.collection = collection_,
       .url = url,
       .fetch = {
           .tried_at = ports_.desk.clock.now(), .failure = FetchFailure::permanent, .error = why}});
  if (!noted) return noted;
  ++tally_.failed;
  const std::string& which = title.empty() ? url : title;
  if (tally_.failures.size() < kFailuresShown) tally_.failures.emplace_back(which, why);
  ports_.context.log(LogStream::system, "[" + which + ": " + why + "]\n");
  return {};
}

Status MorphIngest::take_urls() {
  std::vector<CollectionItem> items;
  for (std::int64_t after = kBeforeAll;;) {
    const auto rows = ports_.database.rows("child_urls", {"url"}, after, kRowsAtOnce);
    if (!rows) return fail(rows.error());
    for (const auto& row : *rows) {
      after = row.id;
      items.push_back({.url = row.texts[0]});
    }
    if (Status added = add_urls(items); !added) return added;
    if (rows->empty()) return {};
  }
}

Status MorphIngest::add_urls(std::vector<CollectionItem>& items) {
  const auto before = items.size();
  std::erase_if(items, [](const CollectionItem& item) { return !is_url_of_item(item.url); });
  tally_.left_out += static_cast<std::int64_t>(before - items.size());
  const auto added = ports_.desk.collections->add_items(collection_, items);
  if (!added) return fail(added.error());
  tally_.urls += static_cast<std::int64_t>(*added);
  items.clear();
  return {};
}

Result<std::string> MorphIngest::keep_database(const std::string& path, const std::string& sha256,
                                               std::int64_t size_bytes) {
  const std::string url = order_.home + "/data.sqlite";
  const auto run = runs_.find(last_run_);
  const bool is_known_run = run != runs_.end();
  const std::string metadata = json::serialize(bj::object{
      {"title", json::text(order_.scraper + " data.sqlite")},
      {"morphRunId", json::text_or_null(last_run_)},
      {"dateCompleted", json::text_or_null(is_known_run ? run->second.second : std::string())},
      {"githubRepo", json::text("https://github.com/" + order_.scraper)},
      {"originalUrl", json::text_or_null(is_known_run ? run->second.first : std::string())},
      {"sqliteChecksum", json::text(sha256)}});
  const CollectionItem items[] = {{.url = url, .title = order_.scraper + " data.sqlite"}};
  const auto added = ports_.desk.collections->add_items(collection_, items);
  if (!added) return fail(added.error());
  const Time now = ports_.desk.clock.now();
  const std::string media_type = "application/vnd.sqlite3";
  const Status kept = keep(url, "data.sqlite",
                           {.tried_at = now,
                            .fetched_at = now,
                            .status = 200,
                            .size_bytes = size_bytes,
                            .media_type = media_type,
                            .sha256 = sha256},
                           {.name = "data.sqlite",
                            .size_bytes = size_bytes,
                            .open = [path] { return open_to_read(path); }},
                           metadata);
  if (!kept) return fail(kept.error());
  --tally_.archived;
  const auto newest = ports_.desk.collections->snapshots({.url = url, .limit = 1});
  if (!newest) return fail(newest.error());
  return newest->empty() ? std::string() : newest->front().fetch.cid;
}

Result<std::string> MorphIngest::give(ipfs::UploadFile file) {
  std::vector<ipfs::UploadFile> files;
  files.push_back(std::move(file));
  const auto added = ipfs::add_to_node(
      ports_.desk, {.files = std::move(files),
                    .options = {},
                    .boundary = "waybill-" + to_string(ports_.task.id()),
                    .progress = {},
                    .deadline = {.at = ports_.context.deadline(), .stop = ports_.context.stop()}});
  if (!added) return fail(added.error());
  return std::string(added->at("cid").get_string());
}

}  // namespace waybill
