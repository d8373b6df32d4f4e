#include "kinds/archive/zim/zim.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <boost/json.hpp>
#include <cerrno>
#include <exception>
#include <filesystem>
#include <stop_token>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "base/digest.h"
#include "base/json.h"
#include "base/log.h"
#include "base/utf8.h"
#include "core/artifact.h"
#include "core/definition_fields.h"
#include "core/fetch/digest_fields.h"
#include "core/size.h"
#include "kinds/archive/fields.h"
#include "kinds/archive/outcomes.h"
#include "kinds/archive/zim/contents.h"
#include "kinds/archive/zim/program.h"
#include "ports/artifact_store.h"

namespace waybill {
namespace {

namespace bj = boost::json;
namespace fs = std::filesystem;

/// A result has at most 1 MiB; a list of files that has more is left out of it.
constexpr std::size_t kListBytesMax = 900'000;

struct ZimOrder {
  std::string sha256;  ///< of the artifact; empty: not said
  bool all = false;    ///< of zim.check: every test that zimcheck has
  std::int64_t bytes_max = 0;
};
Result<ZimOrder> read_zim_order(const TaskRequest& request, const JsonSchema& schema,
                                std::string_view text) {
  const auto object = archive_fields(request, schema, text);
  if (!object) return fail(object.error());
  const Fields fields(*object);
  ZimOrder order{.sha256 = {},
                 .all = fields.flag("all", false),
                 .bytes_max = artifact_bytes_max(request.spec)};
  const Fields limits(fields.object("limits"));
  if (limits.has("artifacts")) {
    const auto size = parse_size(limits.text("artifacts"));
    if (!size) return fail(of_field("/limits/artifacts", size.error()));
  }
  if (!fields.has("sha256")) {
    if (has_no_params(request)) return order;
    return fail(Code::invalid_argument, "/sha256: which artifact is not said");
  }
  auto digest = read_sha256(fields.text("sha256"));
  if (!digest) return fail(of_field("/sha256", digest.error()));
  order.sha256 = std::move(*digest);
  return order;
}
Result<ZimOrder> order_to_check(const TaskRequest& request) {
  static const JsonSchema kSchema = embedded_schema(zim_check_spec_schema());
  return read_zim_order(request, kSchema, zim_check_spec_schema());
}
Result<ZimOrder> order_to_read(const TaskRequest& request) {
  static const JsonSchema kSchema = embedded_schema(zim_spec_schema());
  return read_zim_order(request, kSchema, zim_spec_schema());
}

Deadline limits_of(const TaskContext& context) {
  return {.at = context.deadline(), .stop = context.stop()};
}

/// The artifact as a file.
Result<std::string> bring_zim(const Result<ZimOrder>& order, const ArchiveDesk* desk,
                              TaskContext& context) {
  if (!order) return fail(order.error());
  if (order->sha256.empty()) {
    return fail(Code::invalid_argument, "/sha256: which artifact is not said");
  }
  if (desk == nullptr) return fail(Code::failed_precondition, "no ZIM file is read here");
  auto path = context.artifacts().fetch(order->sha256, "archive.zim");
  if (!path) return fail(with_context(path.error(), "the artifact"));
  return path;
}

/// Runs zimdump or zimcheck, and keeps the end of what it says.
Result<int> run_zim_tool(std::vector<std::string> argv, ArchiveDesk& desk, TaskContext& context,
                         std::string& said) {
  return run_program({.argv = std::move(argv),
                      .on_line =
                          [&](std::string_view line) {
                            context.log(LogStream::out, std::string(line) + "\n");
                            const bool tells = line.find("ERROR") != line.npos ||
                                               line.find("xception") != line.npos;
                            if (tells && said.size() < 500) {
                              said += (said.empty() ? "" : "; ") + escape_utf8(line);
                            }
                            return Status();
                          }},
                     desk.clock, limits_of(context));
}

/// What is in it; nothing is written.
Result<ZimContents> contents_of(const std::string& zim, ArchiveDesk& desk, TaskContext& context) {
  ZimContents contents;
  std::string last;
  const auto status = run_program({.argv = {"zimdump", "list", "--details", "--", zim},
                                   .on_line =
                                       [&](std::string_view line) {
                                         last = line;
                                         return contents.take(line);
                                       }},
                                  desk.clock, limits_of(context));
  if (!status) return fail(status.error());
  if (*status == 0) return contents;
  return fail(Code::failed_precondition, "zimdump cannot read it: " + escape_utf8(last));
}

Status check_room_for(const ZimContents& contents, const ZimOrder& order,
                      const std::string& directory) {
  if (contents.size_bytes() > order.bytes_max) {
    return fail(Code::out_of_range, "unpacked it has " + format_size(contents.size_bytes()) +
                                        ", more than the limit of " + format_size(order.bytes_max) +
                                        "; raise limits.artifacts in the definition's spec");
  }
  if (contents.paths().size() > kArtifactsMax) {
    return fail(Code::out_of_range, "it holds " + std::to_string(contents.paths().size()) +
                                        " files, and a task leaves at most " +
                                        std::to_string(kArtifactsMax));
  }
  struct statvfs disk {};
  if (::statvfs(directory.c_str(), &disk) != 0) {
    return fail(system_error(errno, "looking at the disk of " + directory));
  }
  const auto free =
      static_cast<std::int64_t>(disk.f_bavail) * static_cast<std::int64_t>(disk.f_frsize);
  // Unpacked, and as artifacts.
  const std::int64_t needed = 2 * contents.size_bytes() + (std::int64_t{128} << 20);
  if (free >= needed) return {};
  return fail(Code::resource_exhausted, "the disk of " + directory + " has " + format_size(free) +
                                            " free, and " + format_size(needed) +
                                            " are needed to unpack it; make room, it is tried "
                                            "again");
}

Result<FileDescriptor> open_unpacked(const std::string& path) {
  FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (!file.is_open()) return fail(system_error(errno, "opening " + path));
  return file;
}

Result<ArtifactContent> content_of(const std::string& path) {
  const auto file = open_unpacked(path);
  if (!file) return fail(file.error());
  Sha256 digest;
  ArtifactContent content;
  std::array<char, 65536> room;
  while (true) {
    const ssize_t got = ::read(file->get(), room.data(), room.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail(system_error(errno, "reading " + path));
    if (got == 0) break;
    digest.add({room.data(), static_cast<std::size_t>(got)});
    content.size_bytes += got;
  }
  content.sha256 = to_hex(digest.finish());
  return content;
}

/// Of each, on two threads: they were just written, and are in memory.
std::vector<Result<ArtifactContent>> contents_of_all(const std::vector<std::string>& paths,
                                                     const std::stop_token& stop) {
  std::vector<Result<ArtifactContent>> contents(paths.size(),
                                                fail(Code::cancelled, "asked to stop"));
  std::atomic<std::size_t> next = 0;
  const auto each = [&] {
    for (std::size_t i = next++; i < paths.size() && !stop.stop_requested(); i = next++) {
      try {
        contents[i] = content_of(paths[i]);
      } catch (const std::exception& error) {  // no memory: it is not to end the process
        contents[i] = fail(Code::internal, "reading " + paths[i] + ": " + error.what());
      }
    }
  };
  std::jthread other;
  try {
    other = std::jthread(each);
  } catch (const std::system_error& error) {
    log::warn("few_threads", error.what());  // this one does it
  }
  each();
  if (other.joinable()) other.join();
  return contents;
}

struct Unpacked {
  std::vector<ArtifactFile> files;
  bj::array list;
  std::int64_t size_bytes = 0;
};

Result<Unpacked> gather(const std::string& directory, TaskContext& context) {
  Unpacked unpacked;
  std::vector<std::string> paths;
  std::error_code error;
  for (auto at = fs::recursive_directory_iterator(directory, error);
       !error && at != fs::recursive_directory_iterator(); at.increment(error)) {
    if (at->is_symlink(error) || !at->is_regular_file(error)) continue;
    paths.push_back(at->path().string());
  }
  if (error) return fail(system_error(error.value(), "looking through " + directory));
  std::ranges::sort(paths);
  const auto contents = contents_of_all(paths, context.stop());
  for (std::size_t i = 0; i < paths.size(); ++i) {
    const std::string& path = paths[i];
    const auto& content = contents[i];
    if (!content) return fail(content.error());
    std::string name = path.substr(directory.size() + 1);
    unpacked.size_bytes += content->size_bytes;
    unpacked.list.push_back(bj::object{{"name", json::text(name)}, {"sha256", content->sha256}});
    unpacked.files.push_back({.name = std::move(name),
                              .media_type = std::string(media_type_of(path)),
                              .open = [path] { return open_unpacked(path); },
                              .path = path});
  }
  return unpacked;
}

template <class Order>
Status checked_zim(const Result<Order>& order) {
  return order ? Status() : Status(fail(order.error()));
}

}  // namespace

Status ZimCheckKind::check(const TaskRequest& request) const {
  return checked_zim(order_to_check(request));
}

Outcome ZimCheckKind::run(const Task& task, TaskContext& context) {
  const auto order = order_to_check(task.request);
  const auto zim = bring_zim(order, desk_, context);
  if (!zim) return outcome_of(zim.error());
  std::vector<std::string> argv = {"zimcheck"};
  if (order->all) {
    argv.emplace_back("-A");
  } else {
    argv.insert(argv.end(), {"-C", "-I"});
  }
  argv.push_back(*zim);
  std::string said;
  const auto status = run_zim_tool(std::move(argv), *desk_, context, said);
  if (!status) return outcome_of(status.error());
  if (*status != 0) {
    return outcome_of({Code::failed_precondition,
                       "zimcheck ends with status " + std::to_string(*status) + ": " + said});
  }
  return outcome::Succeeded{.result = json::serialize(bj::object{
                                {"valid", true}, {"sha256", json::text(order->sha256)}})};
}

Status ZimListKind::check(const TaskRequest& request) const {
  return checked_zim(order_to_read(request));
}

Outcome ZimListKind::run(const Task& task, TaskContext& context) {
  const auto zim = bring_zim(order_to_read(task.request), desk_, context);
  if (!zim) return outcome_of(zim.error());
  const auto contents = contents_of(*zim, *desk_, context);
  if (!contents) return outcome_of(contents.error());
  std::string text;
  for (const std::string& path : contents->paths()) text += path + "\n";
  const std::string list = context.scratch_directory() + "/list";
  {
    const FileDescriptor file(
        ::open(list.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600));
    std::string_view rest = text;
    while (file.is_open() && !rest.empty()) {
      const ssize_t written = ::write(file.get(), rest.data(), rest.size());
      if (written < 0 && errno != EINTR) {
        return outcome_of(system_error(errno, "writing " + list));
      }
      if (written > 0) rest.remove_prefix(static_cast<std::size_t>(written));
    }
    if (!file.is_open()) return outcome_of(system_error(errno, "making " + list));
  }
  const std::array files = {ArtifactFile{.name = "paths.txt",
                                         .media_type = "text/plain; charset=utf-8",
                                         .open = [list] { return open_unpacked(list); }}};
  if (Status kept = context.artifacts().keep(files); !kept) return outcome_of(kept.error());
  return outcome::Succeeded{
      .result = json::serialize(bj::object{{"entries", contents->paths().size()},
                                           {"size_bytes", contents->size_bytes()}})};
}

Status ZimUnpackKind::check(const TaskRequest& request) const {
  return checked_zim(order_to_read(request));
}

Outcome ZimUnpackKind::run(const Task& task, TaskContext& context) {
  const auto order = order_to_read(task.request);
  const auto zim = bring_zim(order, desk_, context);
  if (!zim) return outcome_of(zim.error());
  const auto contents = contents_of(*zim, *desk_, context);
  if (!contents) return outcome_of(contents.error());
  if (Status room = check_room_for(*contents, *order, context.scratch_directory()); !room) {
    return outcome_of(room.error());
  }
  const std::string directory = context.scratch_directory() + "/unpacked";
  std::string said;
  const auto status =
      run_zim_tool({"zimdump", "dump", "--dir=" + directory, "--", *zim}, *desk_, context, said);
  if (!status) return outcome_of(status.error());
  if (*status != 0) {
    return outcome_of({Code::failed_precondition,
                       "zimdump ends with status " + std::to_string(*status) + ": " + said});
  }
  auto unpacked = gather(directory, context);
  if (!unpacked) return outcome_of(unpacked.error());
  if (Status kept = context.artifacts().keep(unpacked->files); !kept) {
    return outcome_of(with_context(kept.error(), "its artifacts were not kept"));
  }
  bj::object result{{"entries", unpacked->files.size()}, {"size_bytes", unpacked->size_bytes}};
  if (json::serialize(unpacked->list).size() <= kListBytesMax) {
    result["files"] = std::move(unpacked->list);
  } else {
    context.log(LogStream::system, "[too many files to name them in the result]\n");
  }
  return outcome::Succeeded{.result = json::serialize(result)};
}

}  // namespace waybill
