#include "kinds/archive/fetch/fetch.h"

#include <array>
#include <boost/json.hpp>
#include <utility>

#include "base/json.h"
#include "base/utf8.h"
#include "core/artifact.h"
#include "core/fetch/url_reference.h"
#include "core/size.h"
#include "kinds/archive/outcomes.h"
#include "kinds/archive/polite/polite_streams.h"

namespace waybill {
namespace {

namespace bj = boost::json;

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

}  // namespace

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
  const auto order = read_fetch_order(task.request);
  if (!order) return outcome_of(order.error());
  if (order->urls.empty()) return outcome_of({Code::invalid_argument, "url param is required"});
  if (desk_ == nullptr) return outcome_of({Code::failed_precondition, "nothing is fetched here"});
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
