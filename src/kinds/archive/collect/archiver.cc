#include "kinds/archive/collect/archiver.h"

#include <unistd.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cerrno>

#include "base/digest.h"
#include "base/json.h"
#include "base/utf8.h"
#include "core/fetch/url_reference.h"
#include "kinds/archive/collect/cdxj.h"
#include "kinds/archive/collect/crowd.h"
#include "kinds/archive/collect/text_upload.h"
#include "kinds/archive/fetch/downloader.h"
#include "kinds/archive/fetch/partial_file.h"
#include "kinds/archive/ipfs/add.h"
#include "kinds/archive/ipfs/node.h"
#include "kinds/archive/outcomes.h"
#include "kinds/archive/polite/polite_streams.h"

namespace waybill {
namespace {

namespace bj = boost::json;

constexpr std::size_t kPage = 200;
constexpr std::int64_t kDocumentBytesMax = std::int64_t{32} << 20;
constexpr std::size_t kFailuresShown = 20;
constexpr Duration kTurnWaitMax = std::chrono::seconds(30);

bool is_permanent(const Error& error) {
  const Outcome outcome = outcome_of(error);
  const auto* failed = std::get_if<outcome::Failed>(&outcome);
  return failed != nullptr && failed->failure_class == FailureClass::permanent;
}

/// The answer's head, as a replay of the archive wants it; what only was of the way is left out.
std::string head_text(const Downloaded& what) {
  std::string text = "HTTP/1.1 200 OK\r\n";
  const auto add = [&](std::string_view name, const std::string& value) {
    if (!value.empty()) text += std::string(name) + ": " + escape_utf8(value) + "\r\n";
  };
  add("Content-Type", what.media_type);
  add("Content-Encoding", what.content_encoding);
  add("ETag", what.etag);
  add("Last-Modified", what.last_modified);
  add("Content-Length", std::to_string(what.size_bytes));
  return text + "\r\n";
}

/// All of a download that is small enough to be looked into.
Result<std::string> text_of_file(const PartialFile& partial, std::int64_t size,
                                 const std::string& url) {
  if (size > kDocumentBytesMax) {
    return fail(Code::out_of_range,
                shown_url(url) + " has more than 32 MiB: it is not looked into");
  }
  const auto file = partial.reader();
  if (!file) return fail(file.error());
  std::string text(static_cast<std::size_t>(size), '\0');
  for (std::size_t at = 0; at < text.size();) {
    const auto count = ::read(file->get(), text.data() + at, text.size() - at);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return fail(system_error(errno, "reading what was fetched"));
    if (count == 0) return fail(Code::data_loss, "what was fetched is shorter than it was");
    at += static_cast<std::size_t>(count);
  }
  return text;
}

std::string partial_name(const Task& task, const std::string& url) {
  return to_string(task.id()) + "-" + to_hex(sha256(url)).substr(0, 16);
}

}  // namespace

/// Of one URL, at the node.
struct Archiver::Fetched {
  UrlFetch fetch;
  std::optional<Error> of_node;  ///< instead
};

Deadline Archiver::until(const std::stop_token& stop) const {
  return {.at = ports_.context.deadline(), .stop = stop};
}

Result<ArchiveTally> Archiver::run() {
  const Time now = ports_.desk.clock.now();
  sweep_partial_files(ports_.desk.downloads.directory,
                      std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count());
  std::int64_t after = 0;
  Crowd<CollectionItem> crowd(
      [this](const CollectionItem& item, const std::stop_token& stop) {
        return archive(item, stop);
      },
      [this, &after]() -> Result<std::vector<CollectionItem>> {
        auto page = ports_.desk.collections->items(
            {.collection = terms_.collection, .after = after, .limit = kPage});
        if (page && !page->empty()) after = page->back().position;
        return page;
      });
  if (Status done = crowd.run(terms_.parallelism, ports_.context.stop()); !done) {
    return fail(done.error());
  }
  const Lock lock(mutex_);
  return tally_;
}

Status Archiver::archive(const CollectionItem& item, const std::stop_token& stop) {
  std::vector<std::string> metadata;
  if (terms_.chosen) {
    auto said = terms_.chosen(item.url);
    if (!said) return {};
    metadata = std::move(*said);
  }
  const auto known = take_known(item, metadata);
  if (!known) return fail(known.error());
  return *known ? Status() : archive_anew(item, std::move(metadata), stop, nullptr);
}

Result<Archiver::Document> Archiver::document(const CollectionItem& item,
                                              const std::stop_token& stop) {
  Document document;
  const CollectionItem items[] = {item};
  const auto added = ports_.desk.collections->add_items(terms_.collection, items);
  if (!added) return fail(added.error());
  const auto newest = ports_.desk.collections->snapshots({.url = item.url, .limit = 1});
  if (!newest) return fail(newest.error());
  if (!newest->empty() && is_fresh(newest->front().fetch)) {
    auto text = known_text(newest->front().fetch.cid, until(stop));
    // What is too large to be read back, or is at the node no more, is fetched again.
    if (!text && ends_all(text.error())) return fail(text.error());
    if (text) {
      const auto known = take_known(item, {});
      if (!known) return fail(known.error());
      document.text = std::move(*text);
      return document;
    }
  }
  if (Status done = archive_anew(item, {}, stop, &document); !done) return fail(done.error());
  return document;
}

Status Archiver::add_and_archive(const CollectionItem& item, std::vector<std::string> metadata,
                                 const std::stop_token& stop) {
  const CollectionItem items[] = {item};
  const auto added = ports_.desk.collections->add_items(terms_.collection, items);
  if (!added) return fail(added.error());
  const auto known = take_known(item, metadata);
  if (!known) return fail(known.error());
  return *known ? Status() : archive_anew(item, std::move(metadata), stop, nullptr);
}

ArchiveTally Archiver::tally() {
  const Lock lock(mutex_);
  return tally_;
}

void Archiver::expect(std::int64_t more) {
  const Lock lock(mutex_);
  expected_ += more;
}

Result<std::string> Archiver::known_text(const std::string& cid, const Deadline& deadline) {
  ipfs::Node node(*ports_.desk.node, ports_.desk.clock, ports_.desk.ipfs_api);
  return node.text({.command = "cat", .query = {{"arg", cid}}}, deadline);
}

/// Whether it can be taken as it is: it is not old, or came of this very task.
bool Archiver::is_fresh(const UrlFetch& fetch) const {
  const Time since = std::min(ports_.task.created_at, ports_.desk.clock.now() - terms_.fresh);
  return !fetch.cid.empty() && fetch.fetched_at >= since;
}

/// Of this item or, by its URL, of another one: what is fresh enough, or came of this very task.
Result<bool> Archiver::take_known(const CollectionItem& item,
                                  const std::vector<std::string>& metadata) {
  const Time begun = ports_.task.created_at;
  const bool failed_here = item.fetch.failure == FetchFailure::permanent &&
                           item.fetch.tried_at >= begun && item.fetch.tried_at != Time{};
  if (failed_here) {
    const Error error{Code::failed_precondition, item.fetch.error};
    count(&ArchiveTally::refused, item.url, &error);
    return true;
  }
  FetchNote note{.collection = terms_.collection,
                 .url = item.url,
                 .fetch = item.fetch,
                 .metadata = metadata,
                 .is_new = false};
  if (!is_fresh(item.fetch)) {
    const auto newest = ports_.desk.collections->snapshots({.url = item.url, .limit = 1});
    if (!newest) return fail(newest.error());
    if (newest->empty() || !is_fresh(newest->front().fetch)) return false;
    note.fetch = newest->front().fetch;
  } else {
    // A try that failed since has left its own time and no status.
    if (item.fetch.failure != FetchFailure::none) {
      note.fetch.tried_at = item.fetch.fetched_at;
      note.fetch.status = 200;
    }
    note.fetch.failure = FetchFailure::none;
    note.fetch.error.clear();
  }
  if (Status noted = ports_.desk.collections->note(note); !noted) return fail(noted.error());
  count(&ArchiveTally::known, item.url);
  return true;
}

Status Archiver::archive_anew(const CollectionItem& item, std::vector<std::string> metadata,
                              const std::stop_token& stop, Document* document) {
  Clock& clock = ports_.desk.clock;
  const SteadyTime began = clock.steady_now();
  auto fetched = fetch_to_node(item.url, until(stop), document);
  if (!fetched) {
    const Error& error = fetched.error();
    if (ends_all(error) || stop.stop_requested()) return fail(error);
    if (document != nullptr) document->error = error;
    if (Status noted = note_failure(item, error); !noted) return noted;
    leave_alone(stop);
    return {};
  }
  if (fetched->of_node) return fail(std::move(*fetched->of_node));
  const Status noted = ports_.desk.collections->note(
      {.collection = terms_.collection,
       .url = item.url,
       .fetch = std::move(fetched->fetch),
       .took_ms = std::chrono::duration_cast<std::chrono::milliseconds>(clock.steady_now() - began)
                      .count(),
       .metadata = std::move(metadata)});
  if (!noted) return noted;
  count(&ArchiveTally::archived, item.url);
  leave_alone(stop);
  return {};
}

/// The server that was asked, for as long as the order says.
void Archiver::leave_alone(const std::stop_token& stop) {
  Clock& clock = ports_.desk.clock;
  if (terms_.delay > Duration(0)) clock.wait_until(clock.steady_now() + terms_.delay, stop);
}

Result<Archiver::Fetched> Archiver::fetch_to_node(const std::string& url, const Deadline& deadline,
                                                  Document* document) {
  ArchiveDesk& desk = ports_.desk;
  const FetchOrder order{.urls = {url}, .bytes_max = terms_.bytes_max};
  if (!is_http_url(url)) {
    return fail(Code::invalid_argument,
                "'" + shown_url(url) + "' is no http:// or https:// URL: it is not fetched");
  }
  auto partial = PartialFile::open(desk.downloads.directory, partial_name(ports_.task, url));
  if (!partial) return fail(partial.error());
  PoliteStreams web(desk, {.obeys_robots = terms_.obeys_robots,
                           .per_host = terms_.parallelism,
                           .delay = terms_.delay,
                           .wait_max = kTurnWaitMax});
  Downloader downloader(web, desk.clock, desk.downloads);
  auto what =
      downloader.fetch({.order = order, .progress = {}, .log = {}, .deadline = deadline}, *partial);
  if (!what) {
    // Of this host it is too soon; others may be asked all the same.
    if (is_no_turn(what.error())) what.error().code = Code::unavailable;
    if (is_permanent(what.error())) partial->remove();
    return fail(what.error());
  }
  if (what->size_bytes == 0) {
    partial->remove();
    return fail(Code::failed_precondition,
                "fetch url " + shown_url(url) + " returned empty response");
  }
  const Time now = desk.clock.now();
  Fetched fetched{.fetch = {.tried_at = now,
                            .fetched_at = now,
                            .status = 200,
                            .size_bytes = what->size_bytes,
                            .media_type = escape_utf8(what->media_type),
                            .sha256 = what->sha256},
                  .of_node = {}};
  const std::string name = file_name_of_url(url);
  const auto give = [&](ipfs::UploadFile file) -> Result<std::string> {
    std::vector<ipfs::UploadFile> files;
    files.push_back(std::move(file));
    const auto added =
        ipfs::add_to_node(desk, {.files = std::move(files),
                                 .options = {},
                                 .boundary = "waybill-" + to_string(ports_.task.id()),
                                 .progress = {},
                                 .deadline = deadline});
    if (!added) return fail(added.error());
    return std::string(added->at("cid").get_string());
  };
  const auto header = give(text_upload(name, head_text(*what)));
  const auto body = header ? give({.name = name,
                                   .size_bytes = what->size_bytes,
                                   .open = [&] { return partial->reader(); }})
                           : header;
  if (!body) {
    fetched.of_node = with_context(body.error(), "Error writing " + name + " to ipfs");
    return fetched;
  }
  if (document != nullptr) {
    auto text = text_of_file(*partial, what->size_bytes, url);
    if (!text) return fail(text.error());
    document->text = std::move(*text);
  }
  partial->remove();
  fetched.fetch.header_cid = *header;
  fetched.fetch.cid = *body;
  return fetched;
}

/// What no other item would be spared. The deadline is the task's own only if it has passed.
bool Archiver::ends_all(const Error& error) const {
  if (error.code == Code::cancelled || error.code == Code::resource_exhausted) return true;
  return error.code == Code::deadline_exceeded &&
         ports_.desk.clock.steady_now() >= ports_.context.deadline();
}

Status Archiver::note_failure(const CollectionItem& item, const Error& error) {
  const bool is_final = is_permanent(error);
  const std::string why = escape_utf8(error.message.substr(0, 2000));
  const Status noted = ports_.desk.collections->note(
      {.collection = terms_.collection,
       .url = item.url,
       .fetch = {.tried_at = ports_.desk.clock.now(),
                 .failure = is_final ? FetchFailure::permanent : FetchFailure::transient,
                 .error = why.empty() ? "it failed" : why}});
  if (!noted) return noted;
  count(is_final ? &ArchiveTally::refused : &ArchiveTally::pending, item.url, &error);
  return {};
}

void Archiver::count(std::int64_t ArchiveTally::*which, const std::string& url,
                     const Error* error) {
  const Lock lock(mutex_);
  ++(tally_.*which);
  if (error != nullptr) {
    if (tally_.failures.size() < kFailuresShown) tally_.failures.emplace_back(url, error->message);
    if (which == &ArchiveTally::pending && !tally_.pending_first) {
      tally_.pending_first.emplace(url, error->message);
    }
    if (error->retry_after) {
      tally_.wait = std::max(tally_.wait.value_or(Duration(0)), *error->retry_after);
    }
    ports_.context.log(LogStream::system, "[" + shown_url(url) + ": " + error->message + "]\n");
  }
  const std::int64_t failed = tally_.refused + tally_.pending;
  const std::int64_t done = tally_.archived + tally_.known + failed;
  ports_.steps.items(terms_.status(done), done, expected_, failed);
}

Result<std::string> Archiver::write_index() {
  ArchiveDesk& desk = ports_.desk;
  std::vector<std::string> lines;
  for (std::int64_t after = 0;;) {
    const auto page =
        desk.collections->items({.collection = terms_.collection, .after = after, .limit = kPage});
    if (!page) return fail(page.error());
    if (page->empty()) break;
    after = page->back().position;
    for (const CollectionItem& item : *page) {
      if (!item.fetch.cid.empty()) lines.push_back(index_line(item));
    }
  }
  std::vector<ipfs::UploadFile> files;
  files.push_back(text_upload(to_string(terms_.collection) + ".cdxj", index_of(std::move(lines))));
  const auto added = ipfs::add_to_node(desk, {.files = std::move(files),
                                              .options = {},
                                              .boundary = "waybill-" + to_string(ports_.task.id()),
                                              .progress = {},
                                              .deadline = until(ports_.context.stop())});
  if (!added) return fail(added.error());
  std::string cid(added->at("cid").get_string());
  const Status set = desk.collections->set_index(terms_.collection, cid, desk.clock.now());
  if (!set) return fail(set.error());
  return cid;
}

}  // namespace waybill
