#include "kinds/archive/fetch/fetch.h"

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <utility>

#include "base/json.h"
#include "base/utf8.h"
#include "core/artifact.h"
#include "core/fetch/url_reference.h"
#include "core/size.h"
#include "kinds/archive/fetch/metalink.h"
#include "kinds/archive/fetch/text.h"
#include "kinds/archive/outcomes.h"
#include "kinds/archive/polite/polite_streams.h"

namespace waybill {
namespace {

namespace bj = boost::json;

/// Of 100 GB, with the digests of its pieces, it has one or two.
constexpr std::size_t kMetalinkBytesMax = std::size_t{4} << 20;

void log_line(TaskContext& context, const std::string& line) {
  context.log(LogStream::system, "[" + line + "]\n");
}

std::string media_type_for(const FetchOrder& order, const Downloaded& what,
                           const std::string& name) {
  if (!order.media_type.empty()) return order.media_type;
  if (check_media_type(what.media_type)) return what.media_type;
  return std::string(media_type_of(name));
}

void put_unless_empty(bj::object& object, const char* name, const std::string& text) {
  if (!text.empty()) object[name] = json::text(escape_utf8(text));
}

std::string result_json(const Downloaded& what, const ArtifactFile& file) {
  bj::object result{
      {"name", json::text(file.name)},          {"sha256", json::text(what.sha256)},
      {"size_bytes", what.size_bytes},          {"media_type", json::text(file.media_type)},
      {"url", json::text(shown_url(what.url))}, {"not_modified", false}};
  put_unless_empty(result, "etag", what.etag);
  put_unless_empty(result, "last_modified", what.last_modified);
  put_unless_empty(result, "content_encoding", what.content_encoding);
  bj::array checked;
  for (const std::string& by : what.checked) checked.emplace_back(json::text(by));
  result["checked"] = std::move(checked);
  return json::serialize(result);
}

std::string wanted_name(const FetchOrder& order) {
  if (!order.name.empty()) return order.name.substr(order.name.rfind('/') + 1);
  return order.urls.empty() ? std::string() : file_name_of_url(order.urls.front());
}

/// What the metalink says becomes part of the order, as far as the order bears it.
Status add_to_order(MetalinkFile file, FetchOrder& order) {
  if (!order.sha256.empty() && !file.sha256.empty() && file.sha256 != order.sha256) {
    return fail(Code::failed_precondition,
                "it says the SHA-256 " + file.sha256 + ", but by sha256 it is " + order.sha256);
  }
  if (file.size_bytes > order.bytes_max) {
    return fail(Code::out_of_range, "its file has " + format_size(file.size_bytes) +
                                        ", more than the limit of " + format_size(order.bytes_max) +
                                        "; raise limits.artifacts in the definition's spec");
  }
  if (order.name.empty() && order.urls.empty()) order.name = std::move(file.name);
  const bool is_proved = !order.sha256.empty() || !file.sha256.empty();
  for (std::string& url : file.urls) {
    // As with redirects: what is not encrypted would be taken for what is.
    if (is_https_url(order.metalink) && !is_https_url(url) && !is_proved) continue;
    if (std::ranges::find(order.urls, url) == order.urls.end())
      order.urls.push_back(std::move(url));
  }
  if (order.urls.empty()) {
    return fail(Code::failed_precondition,
                "it has no mirror that can be asked, by https, or by http and with a SHA-256");
  }
  order.metalink_sha256 = std::move(file.sha256);
  order.size_bytes = file.size_bytes;
  return {};
}

}  // namespace

Status follow_metalink(FetchOrder& order, ArchiveDesk& desk, TaskContext& context) {
  if (order.metalink.empty()) return {};
  PoliteStreams web(desk, order.manners);
  const auto text = fetch_text({.url = order.metalink,
                                .what = "the metalink",
                                .bytes_max = kMetalinkBytesMax,
                                .redirects_max = desk.downloads.redirects_max},
                               web, desk.clock, {.at = context.deadline(), .stop = context.stop()});
  if (!text) return fail(text.error());
  auto file = read_metalink(*text, wanted_name(order));
  if (!file) return fail(with_context(file.error(), shown_url(order.metalink)));
  if (Status added = add_to_order(std::move(*file), order); !added) {
    return fail(with_context(added.error(), shown_url(order.metalink)));
  }
  return {};
}

Result<TaskDownload> download_for(const Task& task, const FetchOrder& order, ArchiveDesk& desk,
                                  TaskContext& context, const Downloader::Progress& progress) {
  const std::string& directory = desk.downloads.directory;
  sweep_partial_files(
      directory,
      std::chrono::floor<std::chrono::seconds>(desk.clock.now()).time_since_epoch().count());
  auto partial = PartialFile::open(directory, to_string(task.id()));
  if (!partial) return fail(partial.error());
  if (partial->size_bytes() > 0) {
    log_line(context, "going on after " + format_size(partial->size_bytes()));
  }
  PoliteStreams web(desk, order.manners);
  Downloader downloader(web, desk.clock, desk.downloads);
  auto fetched = downloader.fetch({.order = order,
                                   .progress = progress,
                                   .log = [&](const std::string& line) { log_line(context, line); },
                                   .deadline = {.at = context.deadline(), .stop = context.stop()}},
                                  *partial);
  if (fetched) return TaskDownload{.file = std::move(*partial), .what = std::move(*fetched)};
  const Outcome outcome = outcome_of(fetched.error());
  const auto* failed = std::get_if<outcome::Failed>(&outcome);
  const bool is_over = failed != nullptr && failed->failure_class == FailureClass::permanent;
  if (is_over) partial->remove();
  return fail(std::move(fetched.error()));
}

Status FetchKind::check(const TaskRequest& request) const {
  const auto order = read_fetch_order(request);
  return order ? Status() : Status(fail(order.error()));
}

Outcome FetchKind::run(const Task& task, TaskContext& context) {
  auto order = read_fetch_order(task.request);
  if (!order) return outcome_of(order.error());
  if (order->urls.empty() && order->metalink.empty()) {
    return outcome_of({Code::invalid_argument, "url param is required"});
  }
  if (desk_ == nullptr) return outcome_of({Code::failed_precondition, "nothing is fetched here"});
  if (Status followed = follow_metalink(*order, *desk_, context); !followed) {
    return outcome_of(followed.error());
  }
  BytesProgress progress(context, desk_->clock, "fetching " + shown_url(order->urls.front()));
  auto download =
      download_for(task, *order, *desk_, context,
                   [&](std::int64_t done, std::int64_t total) { progress.tell(done, total); });
  if (!download) return outcome_of(download.error());
  const Downloaded& what = download->what;
  if (!what.is_modified) {
    download->file.remove();
    return outcome::Succeeded{
        .result = json::serialize(
            bj::object{{"not_modified", true}, {"url", json::text(shown_url(what.url))}})};
  }
  const std::string name =
      order->name.empty() ? file_name_of_url(order->urls.front()) : order->name;
  const std::array files = {
      ArtifactFile{.name = name,
                   .media_type = media_type_for(*order, what, name),
                   .open = [&file = download->file] { return file.reader(); }}};
  if (const Status kept = context.artifacts().keep(files); !kept) {
    return outcome_of(with_context(kept.error(), "its artifact was not kept"));
  }
  download->file.remove();
  log_line(context, "kept " + name + ", " + format_size(what.size_bytes));
  return outcome::Succeeded{.result = result_json(what, files.front())};
}

}  // namespace waybill
