#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cerrno>
#include <utility>

#include "base/json.h"
#include "core/artifact.h"
#include "core/definition_fields.h"
#include "core/fetch/digest_fields.h"
#include "core/fetch/url_reference.h"
#include "kinds/archive/fetch/fetch.h"
#include "kinds/archive/fields.h"
#include "kinds/archive/ipfs/add.h"
#include "kinds/archive/outcomes.h"

namespace waybill {
namespace {

namespace bj = boost::json;

/// As task_mgmt said it where no node is known.

/// Tells of steps in the words that task_mgmt's clients know.
class Steps {
 public:
  Steps(TaskContext& context, Clock& clock) : context_(context), clock_(clock) {}

  void at(int step, double percent, std::string_view status) {
    step_ = step;
    status_ = status;
    say(percent, {});
  }
  /// Within a step, which takes `share` of all from `begin` on.
  void bytes(double begin, double share, std::int64_t done, std::int64_t total) {
    const SteadyTime now = clock_.steady_now();
    if (now < next_ && done != total) return;
    next_ = now + std::chrono::milliseconds(500);
    bj::object more{{"done_bytes", done}};
    if (total >= 0) more["of_bytes"] = total;
    const double part = total > 0 ? static_cast<double>(done) / static_cast<double>(total) : 0.0;
    say(begin + share * part, more);
  }
  void done(const std::string& dest) {
    bj::object last{{"dest", json::text(dest)}, {"done", true}};
    say(1.0, last);
  }

 private:
  void say(double percent, const bj::object& more) {
    bj::object progress{
        {"percent", percent}, {"step", step_}, {"steps", 4}, {"status", json::text(status_)}};
    for (const auto& field : more) progress.insert_or_assign(field.key(), field.value());
    context_.progress(json::serialize(progress));
  }

  TaskContext& context_;
  Clock& clock_;
  int step_ = 0;
  std::string status_;
  SteadyTime next_{};
};

struct UrlOrder {
  FetchOrder fetch;
  ipfs::AddOptions add;
};
Result<UrlOrder> read_url_order(const TaskRequest& request) {
  static const JsonSchema kSchema = embedded_schema(ipfs_addurl_spec_schema());
  const auto fields = archive_fields(request, kSchema, ipfs_addurl_spec_schema());
  if (!fields) return fail(fields.error());
  auto fetch = fetch_order_of(*fields, request);
  if (!fetch) return fail(fetch.error());
  auto add = ipfs::read_add_options(*fields);
  if (!add) return fail(add.error());
  return UrlOrder{.fetch = std::move(*fetch), .add = std::move(*add)};
}

struct FilesOrder {
  struct File {
    std::string name;
    std::string sha256;
  };
  std::vector<File> files;
  ipfs::AddOptions add;
};

Result<FilesOrder::File> read_file(const Fields& fields, const std::string& pointer) {
  FilesOrder::File file{.name = fields.text("name", "file"), .sha256 = {}};
  auto digest = read_sha256(fields.text("sha256"));
  if (!digest) return fail(of_field(pointer + "/sha256", digest.error()));
  file.sha256 = std::move(*digest);
  if (Status fits = check_artifact_name(file.name); !fits) {
    return fail(of_field(pointer + "/name", fits.error()));
  }
  return file;
}

Result<FilesOrder> read_file_order(const TaskRequest& request) {
  static const JsonSchema kSchema = embedded_schema(ipfs_addfile_spec_schema());
  const auto fields = archive_fields(request, kSchema, ipfs_addfile_spec_schema());
  if (!fields) return fail(fields.error());
  auto add = ipfs::read_add_options(*fields);
  if (!add) return fail(add.error());
  FilesOrder order{.files = {}, .add = std::move(*add)};
  if (!fields->contains("sha256") && has_no_params(request)) return order;
  auto file = read_file(Fields(*fields), "");
  if (!file) return fail(file.error());
  file->name = file->name.substr(file->name.rfind('/') + 1);
  order.files.push_back(std::move(*file));
  return order;
}

Result<FilesOrder> read_directory_order(const TaskRequest& request) {
  static const JsonSchema kSchema = embedded_schema(ipfs_adddir_spec_schema());
  const auto fields = archive_fields(request, kSchema, ipfs_adddir_spec_schema());
  if (!fields) return fail(fields.error());
  auto add = ipfs::read_add_options(*fields);
  if (!add) return fail(add.error());
  FilesOrder order{.files = {}, .add = std::move(*add)};
  const auto* files = fields->if_contains("files");
  if (files == nullptr) {
    if (has_no_params(request)) return order;
    return fail(Code::invalid_argument, "/files: what is in the directory is not said");
  }
  std::vector<Artifact> artifacts;
  for (std::size_t i = 0; i < files->get_array().size(); ++i) {
    const std::string pointer = "/files/" + std::to_string(i);
    auto file = read_file(Fields(files->get_array()[i].get_object()), pointer);
    if (!file) return fail(file.error());
    artifacts.push_back(
        {.name = file->name, .sha256 = file->sha256, .media_type = "application/octet-stream"});
    order.files.push_back(std::move(*file));
  }
  // No name twice, and none that is another one's directory.
  if (Status fits = check_artifacts(artifacts); !fits)
    return fail(of_field("/files", fits.error()));
  std::ranges::sort(order.files, {}, &FilesOrder::File::name);
  return order;
}

std::string boundary_for(const Task& task) { return "waybill-" + to_string(task.id()); }

Result<std::int64_t> size_of(const FileDescriptor& file, const std::string& name) {
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) return fail(system_error(errno, "looking at " + name));
  return static_cast<std::int64_t>(status.st_size);
}

/// An artifact, brought below the scratch directory.
Result<ipfs::UploadFile> bring(const FilesOrder::File& file, const std::string& directory,
                               TaskContext& context) {
  auto path = context.artifacts().fetch(file.sha256, file.name);
  if (!path) return fail(with_context(path.error(), "the artifact " + file.name));
  const auto open = [path = *path]() -> Result<FileDescriptor> {
    FileDescriptor opened(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    if (!opened.is_open()) return fail(system_error(errno, "opening " + path));
    return opened;
  };
  const auto opened = open();
  if (!opened) return fail(opened.error());
  const auto size = size_of(*opened, file.name);
  if (!size) return fail(size.error());
  return ipfs::UploadFile{.name = directory.empty() ? file.name : directory + "/" + file.name,
                          .size_bytes = *size,
                          .open = open};
}

Outcome add_files(const Task& task, const FilesOrder& order, const std::string& directory,
                  ArchiveDesk& desk, TaskContext& context) {
  Steps steps(context, desk.clock);
  steps.at(3, 0.5, "preparing upload");
  std::vector<ipfs::UploadFile> files;
  for (const FilesOrder::File& file : order.files) {
    if (context.stop().stop_requested()) return outcome_of({Code::cancelled, "asked to stop"});
    auto brought = bring(file, directory, context);
    if (!brought) return outcome_of(brought.error());
    files.push_back(std::move(*brought));
  }
  steps.at(4, 0.75, "adding file to IPFS node");
  auto added = ipfs::add_to_node(
      desk, {.files = std::move(files),
             .options = order.add,
             .boundary = boundary_for(task),
             .progress = [&](std::int64_t done,
                             std::int64_t total) { steps.bytes(0.75, 0.25, done, total); },
             .deadline = {.at = context.deadline(), .stop = context.stop()}});
  if (!added) return outcome_of(added.error());
  steps.done(std::string(added->at("dest").get_string()));
  return outcome::Succeeded{.result = json::serialize(*added)};
}

template <class Order>
Status checked(const Result<Order>& order) {
  return order ? Status() : Status(fail(order.error()));
}

}  // namespace

Status IpfsAddUrlKind::check(const TaskRequest& request) const {
  return checked(read_url_order(request));
}

Outcome IpfsAddUrlKind::run(const Task& task, TaskContext& context) {
  auto order = read_url_order(task.request);
  if (!order) return outcome_of(order.error());
  if (order->fetch.urls.empty() && order->fetch.metalink.empty()) {
    return outcome_of({Code::invalid_argument, "url param is required"});
  }
  if (desk_ == nullptr || desk_->ipfs_api.empty()) {
    return outcome_of({Code::failed_precondition, std::string(ipfs::kNoNode)});
  }
  Steps steps(context, desk_->clock);
  steps.at(1, 0.0, "fetching resource");
  if (Status followed = follow_metalink(order->fetch, *desk_, context); !followed) {
    return outcome_of(followed.error());
  }
  const std::string& url = order->fetch.urls.front();
  auto download = download_for(
      task, order->fetch, *desk_, context,
      [&](std::int64_t done, std::int64_t total) { steps.bytes(0.0, 0.33, done, total); });
  if (!download) {
    return outcome_of(
        with_context(download.error(), "Error fetching url '" + shown_url(url) + "'"));
  }
  // By then it has been computed and compared.
  steps.at(2, 0.33, "running checksum");
  const Downloaded& what = download->what;
  if (what.size_bytes == 0) {
    download->file.remove();
    return outcome_of(
        {Code::failed_precondition, "fetch url " + shown_url(url) + " returned empty response"});
  }
  steps.at(3, 0.5, "preparing upload");
  std::string name = order->fetch.name.empty() ? file_name_of_url(url) : order->fetch.name;
  name = name.substr(name.rfind('/') + 1);
  std::vector<ipfs::UploadFile> files;
  files.push_back({.name = std::move(name),
                   .size_bytes = what.size_bytes,
                   .open = [&file = download->file] { return file.reader(); }});
  steps.at(4, 0.75, "adding file to IPFS node");
  auto added = ipfs::add_to_node(
      *desk_, {.files = std::move(files),
               .options = order->add,
               .boundary = boundary_for(task),
               .progress = [&](std::int64_t done,
                               std::int64_t total) { steps.bytes(0.75, 0.25, done, total); },
               .deadline = {.at = context.deadline(), .stop = context.stop()}});
  if (!added) return outcome_of(added.error());
  download->file.remove();
  (*added)["sha256"] = json::text(what.sha256);
  (*added)["url"] = json::text(shown_url(what.url));
  steps.done(std::string(added->at("dest").get_string()));
  return outcome::Succeeded{.result = json::serialize(*added)};
}

Status IpfsAddFileKind::check(const TaskRequest& request) const {
  return checked(read_file_order(request));
}

Outcome IpfsAddFileKind::run(const Task& task, TaskContext& context) {
  const auto order = read_file_order(task.request);
  if (!order) return outcome_of(order.error());
  if (order->files.empty()) {
    return outcome_of({Code::invalid_argument, "/sha256: which artifact is not said"});
  }
  if (desk_ == nullptr || desk_->ipfs_api.empty()) {
    return outcome_of({Code::failed_precondition, std::string(ipfs::kNoNode)});
  }
  return add_files(task, *order, "", *desk_, context);
}

Status IpfsAddDirKind::check(const TaskRequest& request) const {
  return checked(read_directory_order(request));
}

Outcome IpfsAddDirKind::run(const Task& task, TaskContext& context) {
  const auto order = read_directory_order(task.request);
  if (!order) return outcome_of(order.error());
  if (order->files.empty()) {
    return outcome_of({Code::invalid_argument, "/files: what is in the directory is not said"});
  }
  if (desk_ == nullptr || desk_->ipfs_api.empty()) {
    return outcome_of({Code::failed_precondition, std::string(ipfs::kNoNode)});
  }
  return add_files(task, *order, "directory", *desk_, context);
}

}  // namespace waybill
