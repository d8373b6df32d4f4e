#include "kinds/archive/ipfs/addwarc.h"

#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <cerrno>
#include <optional>
#include <utility>

#include "base/json.h"
#include "core/artifact.h"
#include "core/definition_fields.h"
#include "kinds/archive/collect/text_upload.h"
#include "kinds/archive/fetch/fetch.h"
#include "kinds/archive/fields.h"
#include "kinds/archive/file_text.h"
#include "kinds/archive/ipfs/node.h"
#include "kinds/archive/ipfs/warc_to_node.h"
#include "kinds/archive/outcomes.h"
#include "kinds/archive/warc/wacz.h"

namespace waybill {
namespace {

namespace bj = boost::json;

/// As ipwb writes it, but for the time: the same records give the same index.
constexpr std::string_view kIndexHead =
    "!context [\"https://tools.ietf.org/html/rfc7089\"]\n!meta {\"generator\": \"Waybill\"}\n";

struct WarcOrder {
  std::string sha256;  ///< of the artifact, or of what is at the URL
  FetchOrder fetch;
  std::string name;
  bool whole = true;
  ipfs::AddOptions add;
  std::int64_t bytes_max = 0;

  bool is_said() const { return !sha256.empty() || !fetch.urls.empty(); }
};
Result<WarcOrder> read_warc_order(const TaskRequest& request) {
  static const JsonSchema kSchema = embedded_schema(ipfs_addwarc_spec_schema());
  const auto object = archive_fields(request, kSchema, ipfs_addwarc_spec_schema());
  if (!object) return fail(object.error());
  const Fields fields(*object);
  WarcOrder order{.sha256 = {},
                  .fetch = {},
                  .name = fields.text("name", "index"),
                  .whole = fields.flag("whole", true),
                  .add = {},
                  .bytes_max = artifact_bytes_max(request.spec)};
  auto add = ipfs::read_add_options(*object);
  if (!add) return fail(add.error());
  order.add = std::move(*add);
  if (Status fits = check_artifact_name(order.name); !fits) {
    return fail(of_field("/name", fits.error()));
  }
  if (!fields.has("url") && !fields.has("sha256")) {
    if (has_no_params(request)) return order;
    return fail(Code::invalid_argument, "/sha256: which artifact is not said; nor is a url");
  }
  bj::object what = *object;
  what.erase("name");
  if (!fields.has("url")) what["url"] = "http://artifact.invalid/";
  auto fetch = fetch_order_of(what, request);
  if (!fetch) return fail(fetch.error());
  order.sha256 = fetch->sha256;
  if (fields.has("url")) order.fetch = std::move(*fetch);
  return order;
}

/// The file, wherever it comes from, until the task has ended.
struct WarcSource {
  std::string path;
  std::string sha256;
  FileDescriptor file;
  std::int64_t size_bytes = 0;
  bool is_package = false;
  std::vector<PackedWarc> warcs;  ///< in the file, which itself may be the only one
  std::optional<TaskDownload> download;
};
Result<WarcSource> bring_warc(const Task& task, const WarcOrder& order, ArchiveDesk& desk,
                              TaskContext& context) {
  WarcSource source{.path = {}, .sha256 = order.sha256, .file = {}, .warcs = {}, .download = {}};
  if (order.fetch.urls.empty()) {
    auto path = context.artifacts().fetch(order.sha256, "archive.warc");
    if (!path) return fail(with_context(path.error(), "the artifact"));
    source.path = std::move(*path);
  } else {
    auto download = download_for(task, order.fetch, desk, context, {});
    if (!download) return fail(download.error());
    source.path = download->file.path();
    source.sha256 = download->what.sha256;
    source.download.emplace(std::move(*download));
  }
  auto file = open_to_read(source.path);
  if (!file) return fail(file.error());
  source.file = std::move(*file);
  struct stat status {};
  if (::fstat(source.file.get(), &status) != 0) {
    return fail(system_error(errno, "looking at " + source.path));
  }
  source.size_bytes = status.st_size;
  const auto zip = is_zip(source.file);
  if (!zip) return fail(zip.error());
  source.is_package = *zip;
  if (!source.is_package) {
    source.warcs.push_back({.offset = 0, .size_bytes = source.size_bytes});
    return source;
  }
  auto warcs = warcs_in_package(source.file, source.size_bytes);
  if (!warcs) return fail(warcs.error());
  source.warcs = std::move(*warcs);
  return source;
}

std::string index_text(std::vector<std::string> lines) {
  std::ranges::sort(lines);
  lines.erase(std::unique(lines.begin(), lines.end()), lines.end());
  std::string text(kIndexHead);
  for (const std::string& line : lines) text += line + "\n";
  return text;
}

bj::object tally_of(const WarcNotes& notes, const WarcToNode& work) {
  bj::array failures;
  for (const std::string& why : notes.errors()) failures.push_back(json::text(why));
  return bj::object{{"records", work.records()},
                    {"archived", notes.archived()},
                    {"failed", notes.failed()},
                    {"left_out", work.left_out()},
                    {"damage", json::text_or_null(work.damage())},
                    {"failures", std::move(failures)}};
}

/// Gives index and file to the node, and keeps the index: the task's result.
Result<bj::object> conclude(WarcToNode& work, const WarcNotes& notes, const WarcOrder& order,
                            const WarcSource& source, TaskContext& context) {
  bj::object result = tally_of(notes, work);
  const std::string index = context.scratch_directory() + "/index.cdxj";
  const std::string text = index_text(notes.lines());
  if (Status written = write_new_file(index, text); !written) return fail(written.error());
  const std::string name = order.name + ".cdxj";
  const auto index_cid = work.give(text_upload(name.substr(name.rfind('/') + 1), text));
  if (!index_cid) return fail(with_context(index_cid.error(), "writing the index to ipfs"));
  result["index_cid"] = json::text(*index_cid);
  result["dest"] = json::text("/content/" + *index_cid);
  result["sha256"] = json::text(source.sha256);
  if (order.whole) {
    const auto cid = work.give({.name = source.is_package ? "archive.wacz" : "archive.warc",
                                .size_bytes = source.size_bytes,
                                .open = [&] { return open_to_read(source.path); }});
    if (!cid) return fail(with_context(cid.error(), "writing the file to ipfs"));
    result["cid"] = json::text(*cid);
  }
  const std::array files = {ArtifactFile{.name = name,
                                         .media_type = "text/plain; charset=utf-8",
                                         .open = [&] { return open_to_read(index); }}};
  if (Status kept = context.artifacts().keep(files); !kept) {
    return fail(with_context(kept.error(), "the index was not kept"));
  }
  return result;
}

}  // namespace

Status IpfsAddWarcKind::check(const TaskRequest& request) const {
  const auto order = read_warc_order(request);
  return order ? Status() : Status(fail(order.error()));
}

Outcome IpfsAddWarcKind::run(const Task& task, TaskContext& context) {
  const auto order = read_warc_order(task.request);
  if (!order) return outcome_of(order.error());
  if (!order->is_said()) {
    return outcome_of({Code::invalid_argument, "/sha256: which artifact is not said"});
  }
  if (desk_ == nullptr || desk_->ipfs_api.empty()) {
    return outcome_of({Code::failed_precondition, std::string(ipfs::kNoNode)});
  }
  StepTeller steps(context, 4);
  steps.at(1, 0.0, "loading WARC");
  auto source = bring_warc(task, *order, *desk_, context);
  if (!source) return outcome_of(source.error());
  auto partial = PartialFile::open(desk_->downloads.directory, to_string(task.id()) + "-warc");
  if (!partial) return outcome_of(partial.error());
  auto notes = WarcNotes::open(*partial,
                               "warc " + source->sha256 + " " + order->add.chunker +
                                   (order->add.trickle ? " trickle" : "") +
                                   (order->add.pin ? "" : " unpinned"),
                               bounds_.notes_bytes_max);
  if (!notes) return outcome_of(notes.error());
  auto payload = PayloadFile::create(context.scratch_directory());
  if (!payload) return outcome_of(payload.error());
  WarcToNode work(
      {.desk = *desk_, .task = task, .context = context, .steps = steps, .notes = *notes},
      {.add = order->add, .bytes_max = order->bytes_max, .records_max = bounds_.records_max},
      std::move(*payload));
  steps.at(2, 0.0, "archiving record 0");
  for (const PackedWarc& warc : source->warcs) {
    if (Status done = work.run(source->file, warc.offset, warc.size_bytes); !done) {
      return outcome_of(done.error());
    }
  }
  if (work.records() == 0) {
    return outcome_of(
        {Code::failed_precondition,
         "it is no WARC file" + (work.damage().empty() ? std::string() : ": " + work.damage())});
  }
  if (!work.damage().empty()) {
    context.log(LogStream::system, "[the file is damaged: " + work.damage() + "]\n");
  }
  steps.at(3, 1.0, "writing index to IPFS");
  const auto result = conclude(work, *notes, *order, *source, context);
  if (!result) return outcome_of(result.error());
  steps.at(4, 1.0, "saving results");
  partial->remove();
  if (source->download) source->download->file.remove();
  steps.done("saving results");
  return outcome::Succeeded{.result = json::serialize(*result)};
}

}  // namespace waybill
