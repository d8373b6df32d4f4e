#include "kinds/archive/warc/capture.h"

#include <fcntl.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cerrno>
#include <fstream>
#include <utility>
#include <vector>

#include "base/json.h"
#include "base/utf8.h"
#include "core/size.h"
#include "core/warc/record.h"
#include "kinds/archive/outcomes.h"
#include "kinds/archive/warc/capture_run.h"
#include "kinds/archive/warc/stored_zip.h"

namespace waybill {
namespace {

namespace bj = boost::json;

constexpr std::string_view kListMediaType = "application/x-ndjson";

/// The lines of an artifact. What is no URL stands in the way of no other one.
Status add_listed_urls(CaptureOrder& order, TaskContext& context, CaptureStore& store) {
  if (order.list_sha256.empty()) return {};
  const auto path = context.artifacts().fetch(order.list_sha256, "urls.txt");
  if (!path) return fail(with_context(path.error(), "the artifact of URLs"));
  const bool is_first_time = store.state().done.empty() && store.state().failures.empty();
  std::ifstream file(*path, std::ios::binary);
  for (std::string line; std::getline(file, line);) {
    while (!line.empty() && static_cast<unsigned char>(line.back()) <= ' ') line.pop_back();
    if (line.empty() || line.front() == '#') continue;
    auto url = url_to_capture(line);
    if (url) {
      order.urls.push_back(std::move(*url));
    } else if (is_first_time) {
      store.note_failure({.url = line, .error = url.error().message});
    }
  }
  if (file.bad()) return fail(system_error(errno, "reading " + *path));
  return {};
}

Status know_earlier(const CaptureOrder& order, TaskContext& context, CaptureStore& store) {
  for (const std::string& digest : order.earlier) {
    const auto path = context.artifacts().fetch(digest, "earlier-" + digest + ".cdxj");
    if (!path) return fail(with_context(path.error(), "the index of an earlier capture"));
    std::ifstream file(*path, std::ios::binary);
    bool has_lines = false;
    for (std::string text; std::getline(file, text);) {
      const auto line = parse_cdxj(text);
      if (line) store.know(*line);
      has_lines = has_lines || line;
    }
    if (file.bad()) return fail(system_error(errno, "reading " + *path));
    if (!has_lines) {
      return fail(Code::failed_precondition,
                  "the artifact " + digest + " is no index of a capture (CDXJ)");
    }
  }
  return {};
}

std::string lines_of(const std::vector<CaptureFailure>& failures) {
  std::string text;
  for (const CaptureFailure& failure : failures) {
    text += json::serialize(bj::object{{"url", json::text(escape_utf8(failure.url))},
                                       {"error", json::text(escape_utf8(failure.error))},
                                       {"may_pass", failure.may_pass}}) +
            "\n";
  }
  return text;
}

std::string pages_jsonl(const CaptureState& state) {
  std::string text = R"({"format":"json-pages-1.0","id":"pages","title":"All Pages"})"
                     "\n";
  for (const CapturedPage& page : state.pages) {
    text += json::serialize(
                bj::object{{"url", json::text(page.url)}, {"ts", json::text(page.timestamp)}}) +
            "\n";
  }
  return text;
}

/// WACZ 1.1.1.
Status write_package(const std::string& path, const CaptureState& state, const CaptureStore& store,
                     Time now) {
  auto zip = StoredZip::create(path, now);
  if (!zip) return fail(zip.error());
  for (const std::string& name : state.files) {
    Status added = zip->add_file("archive/" + name, store.directory() + "/" + name);
    if (!added) return added;
  }
  Status added = zip->add_file("indexes/index.cdx", store.index_path());
  if (added) added = zip->add_text("pages/pages.jsonl", pages_jsonl(state));
  if (!added) return added;
  bj::array resources;
  for (const StoredZip::Member& member : zip->members()) {
    resources.push_back(
        bj::object{{"name", json::text(member.name.substr(member.name.rfind('/') + 1))},
                   {"path", json::text(member.name)},
                   {"hash", json::text("sha256:" + member.sha256)},
                   {"bytes", member.size_bytes}});
  }
  const std::string package = json::serialize(bj::object{{"profile", "data-package"},
                                                         {"wacz_version", "1.1.1"},
                                                         {"software", "Waybill"},
                                                         {"created", json::text(warc_date(now))},
                                                         {"resources", std::move(resources)}});
  added = zip->add_text("datapackage.json", package);
  if (!added) return added;
  const std::string digest = "sha256:" + zip->members().back().sha256;
  added = zip->add_text(
      "datapackage-digest.json",
      json::serialize(bj::object{{"path", "datapackage.json"}, {"hash", json::text(digest)}}));
  return added ? zip->finish() : added;
}

ArtifactFile file_at(std::string name, std::string_view media_type, std::string path) {
  return {.name = std::move(name),
          .media_type = std::string(media_type),
          .open = [path = std::move(path)]() -> Result<FileDescriptor> {
            FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
            if (!file.is_open()) return fail(system_error(errno, "opening " + path));
            return file;
          }};
}

Status keep_capture(const CaptureOrder& order, const CaptureState& state, const CaptureStore& store,
                    TaskContext& context, Time now) {
  std::vector<ArtifactFile> files;
  const std::string& scratch = context.scratch_directory();
  files.push_back(file_at(order.name + ".cdxj", "text/x-cdxj", store.index_path()));
  if (order.is_package) {
    const std::string path = scratch + "/capture.wacz";
    if (Status written = write_package(path, state, store, now); !written) return written;
    files.push_back(file_at(order.name + ".wacz", "application/wacz+zip", path));
  } else {
    for (const std::string& name : state.files) {
      files.push_back(file_at(name, "application/warc", store.directory() + "/" + name));
    }
  }
  if (!state.failures.empty()) {
    const std::string path = scratch + "/failures.jsonl";
    std::ofstream list(path, std::ios::binary);
    list << lines_of(state.failures) << std::flush;
    if (!list) return fail(system_error(errno, "writing " + path));
    files.push_back(file_at(order.name + ".failures.jsonl", kListMediaType, path));
  }
  Status kept = context.artifacts().keep(files);
  return kept ? kept : Status(fail(with_context(kept.error(), "its artifacts were not kept")));
}

bj::object summary(const CaptureState& state, std::int64_t size_bytes) {
  return {{"captured", state.lines.size()}, {"revisits", state.revisits},
          {"truncated", state.truncated},   {"failed", state.failures.size()},
          {"files", state.files.size()},    {"pages", state.pages.size()},
          {"size_bytes", size_bytes}};
}

/// How an attempt ends that has not captured all: what there is is closed, and stays for the next.
Outcome end_partial(CaptureStore& store, Error error) {
  if (Status closed = store.close(); !closed) {
    error.message += "; and it could not be closed: " + closed.error().message;
    return outcome_of(error);
  }
  const CaptureState state = store.state();
  if (error.code == Code::cancelled) {
    bj::object proof = summary(state, store.size_bytes());
    proof["stopped"] = json::text(error.message);
    proof["directory"] = json::text(store.directory());
    return outcome::Stopped{.proof = json::serialize(proof)};
  }
  error.message += "; " + std::to_string(state.lines.size()) +
                   " answers are closed and indexed in " + store.directory();
  return outcome_of(error);
}

Outcome capture(CaptureOrder& order, const std::string& prefix, ArchiveDesk& desk,
                TaskContext& context, CaptureStore& store) {
  Status ready = add_listed_urls(order, context, store);
  if (ready) ready = know_earlier(order, context, store);
  if (!ready) return outcome_of(ready.error());
  const std::size_t before = store.state().lines.size();
  if (before > 0) {
    context.log(LogStream::system, "[going on after " + std::to_string(before) + " answers]\n");
  }
  CaptureRun run(
      {.order = order, .desk = desk, .context = context, .store = store, .prefix = prefix});
  if (Status ran = run.run(); !ran) return end_partial(store, ran.error());
  if (Status closed = store.close(); !closed) return outcome_of(closed.error());
  const CaptureState state = store.state();
  if (state.lines.empty()) {
    const bool passes = std::ranges::any_of(state.failures, &CaptureFailure::may_pass);
    Error error{passes ? Code::unavailable : Code::failed_precondition, "no URL brought an answer"};
    if (!state.failures.empty()) error.message += ": " + state.failures.front().error;
    store.remove();
    return outcome_of(error);
  }
  if (Status kept = keep_capture(order, state, store, context, desk.clock.now()); !kept) {
    return end_partial(store, kept.error());
  }
  const std::string result = json::serialize(summary(state, store.size_bytes()));
  store.remove();
  return outcome::Succeeded{.result = result};
}

}  // namespace

Status CaptureKind::check(const TaskRequest& request) const {
  const auto order = read_capture_order(request);
  return order ? Status() : Status(fail(order.error()));
}

Outcome CaptureKind::run(const Task& task, TaskContext& context) {
  auto order = read_capture_order(task.request);
  if (!order) return outcome_of(order.error());
  if (desk_ == nullptr) return outcome_of({Code::failed_precondition, "nothing is captured here"});
  sweep_captures(desk_->captures, desk_->clock);
  const std::string id = to_string(task.id());
  const std::string prefix = id + "/" + std::to_string(to_micros(desk_->clock.now())) + "/";
  auto store =
      CaptureStore::open({.directory = desk_->captures + "/" + id,
                          .file_bytes_max = order->file_bytes_max,
                          .first_record =
                              [prefix](const std::string& filename, Time now, Spool& into) {
                                return pack_warcinfo(filename, now, prefix, into);
                              }},
                         desk_->clock);
  if (!store) return outcome_of(store.error());
  return capture(*order, prefix, *desk_, context, **store);
}

}  // namespace waybill
