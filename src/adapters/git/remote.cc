#include "adapters/git/remote.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <optional>
#include <utility>

#include "adapters/git/tree.h"
#include "base/file_descriptor.h"

namespace waybill::git {
namespace {

constexpr std::size_t kListingMax = std::size_t{16} << 20;
constexpr std::string_view kTip = "refs/waybill/tip";

/// A directory that is gone at the end of its life, unless it is kept.
class Workshop {
 public:
  static Result<Workshop> make(const std::string& above) {
    std::error_code error;
    std::filesystem::create_directories(above, error);
    if (error) return fail(system_error(error.value(), "making " + above));
    std::string path = above + "/.new-XXXXXX";
    if (::mkdtemp(path.data()) == nullptr) return fail(system_error(errno, "making " + path));
    return Workshop(path);
  }
  Workshop(Workshop&& other) noexcept : path_(std::exchange(other.path_, "")) {}
  Workshop& operator=(Workshop&&) = delete;
  ~Workshop() {
    std::error_code ignored;  // the next sweep of leftovers finds it
    if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
  }
  std::string path(const char* name) const { return path_ + "/" + name; }

 private:
  explicit Workshop(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

std::string line_of(std::string text) {
  while (text.ends_with('\n')) text.pop_back();
  return text;
}

/// Of `git ls-remote`: the commit of that very ref.
std::optional<std::string> commit_of(std::string_view output, std::string_view ref) {
  while (!output.empty()) {
    const auto end = output.find('\n');
    const std::string_view line = output.substr(0, end);
    output = end == output.npos ? std::string_view{} : output.substr(end + 1);
    const auto tab = line.find('\t');
    if (tab == line.npos || line.substr(tab + 1) != ref) continue;
    if (is_commit_id(line.substr(0, tab))) return std::string(line.substr(0, tab));
  }
  return std::nullopt;
}

/// On disk, so that a state that names it can be believed.
Status bring_to_disk(const std::string& directory) {
  const FileDescriptor open(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!open.is_open() || ::syncfs(open.get()) != 0) {
    return fail(system_error(errno, "bringing " + directory + " to disk"));
  }
  return {};
}

/// Writes a version as `made`, and then gives it its name.
Status keep(const TreeListing& files, std::string_view contents, const std::string& made,
            const std::string& kept) {
  if (::mkdir(made.c_str(), 0755) != 0) return fail(system_error(errno, "making " + made));
  if (Status written = write_tree(files, contents, made); !written) return written;
  if (Status safe = bring_to_disk(made); !safe) return safe;
  // Another process may have kept the same: content of that name is the same.
  if (::rename(made.c_str(), kept.c_str()) != 0 && errno != EEXIST && errno != ENOTEMPTY) {
    return fail(system_error(errno, "keeping " + kept));
  }
  return bring_to_disk(kept);
}

}  // namespace

Result<std::string> Remote::git(std::vector<std::string> arguments, const Deadline& deadline,
                                std::string protocol) const {
  return run({.arguments = std::move(arguments),
              .input = {},
              .protocol = std::move(protocol),
              .limits = limits_},
             access_, clock_, deadline);
}

Result<std::string> Remote::full_ref(const GitSource& source, const Deadline& deadline,
                                     std::string* commit) const {
  std::vector<std::string> candidates = {"HEAD"};
  if (source.ref.starts_with("refs/")) {
    candidates = {source.ref};
  } else if (!source.ref.empty()) {
    candidates = {"refs/heads/" + source.ref, "refs/tags/" + source.ref};
  }
  std::vector<std::string> arguments = {"ls-remote", "--quiet", "--", source.repository};
  for (const std::string& candidate : candidates) {
    arguments.push_back(candidate);
    arguments.push_back(candidate + "^{}");  // what a tag with a message is at
  }
  const auto output = git(std::move(arguments), deadline, source.protocol);
  if (!output) return fail(with_context(output.error(), source.repository));
  std::string found;
  for (const std::string& candidate : candidates) {
    auto at = commit_of(*output, candidate + "^{}");
    if (!at) at = commit_of(*output, candidate);
    if (!at) continue;
    if (!found.empty()) {
      return fail(Code::invalid_argument, source.repository + " has a branch and a tag \"" +
                                              source.ref + "\": say refs/heads/" + source.ref +
                                              " or refs/tags/" + source.ref);
    }
    found = candidate;
    *commit = *at;
  }
  if (!found.empty()) return found;
  return fail(
      Code::not_found,
      source.repository + (source.ref.empty() ? " is empty: it has no commit"
                                              : " has no branch or tag \"" + source.ref + "\""));
}

Result<std::string> Remote::find(const GitSource& source, const Deadline& deadline) const {
  if (source.is_commit()) return source.ref;
  std::string commit;
  if (const auto ref = full_ref(source, deadline, &commit); !ref) return fail(ref.error());
  return commit;
}

Result<std::string> Remote::take(const GitSource& source, const std::string& repository,
                                 const Deadline& deadline) const {
  std::string wanted = source.ref;
  if (!source.is_commit()) {
    std::string unused;
    auto ref = full_ref(source, deadline, &unused);
    if (!ref) return fail(ref.error());
    wanted = std::move(*ref);
  }
  const std::string directory = "--git-dir=" + repository;
  const auto made = git({"init", "--quiet", "--bare", "--template=", "--", repository}, deadline);
  if (!made) return fail(made.error());
  const auto got = git(
      {directory, "fetch", "--quiet", "--depth=1", "--no-tags", "--no-recurse-submodules",
       "--no-auto-maintenance", "--", source.repository, "+" + wanted + ":" + std::string(kTip)},
      deadline, source.protocol);
  if (!got) return fail(with_context(got.error(), source.repository));
  const auto commit =
      git({directory, "rev-parse", "--verify", std::string(kTip) + "^{commit}"}, deadline);
  if (!commit) return fail(with_context(commit.error(), source.repository));
  return line_of(*commit);
}

Result<Version> Remote::fetch(const GitSource& source, const std::string& place,
                              const Deadline& deadline) const {
  const std::string trees = place + "/trees";
  const auto workshop = Workshop::make(trees);
  if (!workshop) return fail(workshop.error());
  const std::string repository = workshop->path("repository");
  const std::string directory = "--git-dir=" + repository;
  auto commit = take(source, repository, deadline);
  if (!commit) return fail(commit.error());
  const auto tree = git({directory, "rev-parse", "--verify",
                         *commit + (source.directory.empty() ? "^{tree}" : ":" + source.directory)},
                        deadline);
  Call listing{.arguments = {directory, "ls-tree", "-r", "-z", "-l", "--full-tree",
                             tree ? line_of(*tree) : ""},
               .input = {},
               .protocol = {},
               .limits = limits_};
  listing.limits.output_bytes_max = kListingMax;
  const auto listed = tree ? run(listing, access_, clock_, deadline) : tree;
  if (!listed && listed.error().code == Code::unavailable) {
    return fail(Code::failed_precondition, source.repository + " has no directory \"" +
                                               source.directory + "\" at commit " +
                                               short_commit(*commit));
  }
  if (!listed) return fail(listed.error());
  auto files = read_listing(*listed, kFilesMax, kBytesMax);
  if (!files) return fail(with_context(files.error(), source.text));
  Version version{
      .commit = std::move(*commit), .tree = line_of(*tree), .left_out = std::move(files->left_out)};
  const std::string kept = trees + "/" + version.tree;
  if (::access(kept.c_str(), F_OK) == 0) return version;

  Call reading{.arguments = {directory, "cat-file", "--batch"},
               .input = {},
               .protocol = {},
               .limits = limits_};
  reading.limits.output_bytes_max = kBytesMax + kFilesMax * 128;
  for (const TreeFile& file : files->files) reading.input += file.id + "\n";
  const auto contents = run(reading, access_, clock_, deadline);
  if (!contents) return fail(contents.error());
  if (Status written = keep(*files, *contents, workshop->path("tree"), kept); !written) {
    return fail(with_context(written.error(), source.text));
  }
  return version;
}

}  // namespace waybill::git
