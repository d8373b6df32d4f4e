#include "kinds/command/artifact_files.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include "base/utf8.h"
#include "core/artifact.h"
#include "core/size.h"

namespace waybill {
namespace {

constexpr std::size_t kPassedOverMax = 20;
/// Empty directories cost time too.
constexpr std::size_t kEntriesMax = 10 * kArtifactsMax;

// Shared by all files of a place that may still be opened.
using Root = std::shared_ptr<const FileDescriptor>;

struct CloseRunDirectory {
  void operator()(DIR* directory) const { ::closedir(directory); }
};

tl::unexpected<Error> refuse_file(const std::string& path, std::string_view why) {
  return fail(
      Code::invalid_argument,
      "artifact " + escape_utf8(path.substr(0, kArtifactNameBytesMax)) + " " + std::string(why));
}

/// Opens what lies below a root, directory by directory, so that no link on the way is followed.
/// Not open, with errno set, if that cannot be.
FileDescriptor open_without_links(const FileDescriptor& root, std::string_view path, int flags) {
  constexpr int kDirectory = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
  FileDescriptor here(::openat(root.get(), ".", kDirectory));
  for (std::size_t slash = path.find('/'); here.is_open() && slash != path.npos;
       slash = path.find('/')) {
    const std::string part(path.substr(0, slash));
    path.remove_prefix(slash + 1);
    FileDescriptor next(::openat(here.get(), part.c_str(), kDirectory));
    here = std::move(next);
  }
  if (!here.is_open()) return here;
  // A FIFO without a writer would hold up who opens it.
  const int all = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | flags;
  return FileDescriptor(::openat(here.get(), std::string(path).c_str(), all));
}

Result<FileDescriptor> open_regular(const Root& root, const std::string& path) {
  FileDescriptor file = open_without_links(*root, path, 0);
  if (!file.is_open() && (errno == ELOOP || errno == ENOTDIR || errno == ENXIO)) {
    return refuse_file(path, "is no regular file, or a link leads to it");
  }
  if (!file.is_open() && errno == ENOENT) return refuse_file(path, "is not there");
  if (!file.is_open() && errno == EACCES) {
    return refuse_file(path, "may not be read: the program forbade it");
  }
  if (!file.is_open()) return fail(system_error(errno, "opening artifact " + escape_utf8(path)));
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) {
    return fail(system_error(errno, "looking at artifact " + escape_utf8(path)));
  }
  if (!S_ISREG(status.st_mode)) return refuse_file(path, "is no regular file");
  return file;
}

/// A place that the program may have removed, or put a link to somewhere else in.
Result<Root> open_root(const std::string& path) {
  FileDescriptor root(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (root.is_open()) return std::make_shared<const FileDescriptor>(std::move(root));
  if (errno == ENOENT) return Root();
  if (errno == ELOOP || errno == ENOTDIR) {
    return fail(Code::invalid_argument,
                "the program put something else where its directory " + path + " was");
  }
  return fail(system_error(errno, "opening " + path));
}

/// Gathers the artifacts of one run.
class Search {
 public:
  Search(const RunPlaces& places, std::int64_t bytes_max)
      : places_(places), bytes_max_(bytes_max) {}

  Status add_reported(std::span<const ReportedArtifact> reported);
  Status walk();
  Result<FoundArtifacts> finish();

 private:
  struct Spot {
    bool in_artifacts = false;
    std::string path;  // from the place on
    auto operator<=>(const Spot&) const = default;
  };
  Result<Spot> spot_of(const std::string& path) const;
  Result<Root> root_of(bool in_artifacts);
  Status add(const Spot& spot, const ReportedArtifact& said, std::int64_t size_bytes);
  Status look_into(const Root& root, const std::string& directory);
  Status look_at(int directory, const std::string& path);
  void pass_over(const std::string& path, mode_t mode);

  const RunPlaces& places_;
  const std::int64_t bytes_max_;
  FoundArtifacts found_;
  std::map<bool, Root> roots_;
  std::set<Spot> reported_;
  std::vector<std::string> to_do_;  // directories
  std::size_t entries_ = 0;
};

/// The rest of a path that begins with a directory, by its name or by that which links lead to.
std::optional<std::string> below(const std::string& directory, const std::string& path) {
  const std::unique_ptr<char, decltype(&std::free)> real(::realpath(directory.c_str(), nullptr),
                                                         &std::free);
  for (const std::string& start : {directory, std::string(real ? real.get() : "")}) {
    if (start.empty() || !path.starts_with(start + "/")) continue;
    return path.substr(start.size() + 1);
  }
  return std::nullopt;
}

Result<Search::Spot> Search::spot_of(const std::string& path) const {
  Spot spot{.in_artifacts = false, .path = path};
  while (spot.path.starts_with("./")) spot.path.erase(0, 2);
  if (path.starts_with('/')) {
    auto rest = below(places_.artifacts, path);
    spot.in_artifacts = rest.has_value();
    if (!rest) rest = below(places_.scratch, path);
    if (!rest) {
      return refuse_file(path, "is neither below WAYBILL_SCRATCH nor below WAYBILL_ARTIFACTS");
    }
    spot.path = std::move(*rest);
  }
  if (Status fits = check_artifact_name(spot.path); !fits) return fail(fits.error());
  return spot;
}

Result<Root> Search::root_of(bool in_artifacts) {
  Root& root = roots_[in_artifacts];
  if (root) return root;
  auto opened = open_root(in_artifacts ? places_.artifacts : places_.scratch);
  if (opened) root = *opened;
  return opened;
}

Status Search::add(const Spot& spot, const ReportedArtifact& said, std::int64_t size_bytes) {
  const auto root = root_of(spot.in_artifacts);
  if (!root) return fail(root.error());
  ArtifactFile file{.name = said.name.empty() ? spot.path : said.name,
                    .media_type = said.media_type,
                    .open = [root = *root, path = spot.path] { return open_regular(root, path); }};
  if (Status fits = check_artifact_name(file.name); !fits) return fits;
  if (file.media_type.empty()) file.media_type = media_type_of(file.name);
  if (Status fits = check_media_type(file.media_type); !fits) return fits;
  if (found_.files.size() == kArtifactsMax) {
    return fail(Code::out_of_range, "it left more than 10000 artifacts; put them into an archive");
  }
  if (size_bytes > bytes_max_ - found_.size_bytes) {
    return fail(Code::out_of_range, "its artifacts are larger than " + format_size(bytes_max_) +
                                        " together; raise limits.artifacts or leave less");
  }
  found_.size_bytes += size_bytes;
  found_.files.push_back(std::move(file));
  return {};
}

Status Search::add_reported(std::span<const ReportedArtifact> reported) {
  for (const ReportedArtifact& said : reported) {
    const auto spot = spot_of(said.path);
    if (!spot) return fail(spot.error());
    if (!reported_.insert(*spot).second) {
      return refuse_file(said.path, "was reported more than once");
    }
    const auto root = root_of(spot->in_artifacts);
    if (!root) return fail(root.error());
    if (!*root) return refuse_file(said.path, "is not there");
    const auto file = open_regular(*root, spot->path);
    if (!file) return fail(file.error());
    struct stat status {};
    if (::fstat(file->get(), &status) != 0) return refuse_file(said.path, "cannot be looked at");
    if (Status added = add(*spot, said, status.st_size); !added) return added;
  }
  return {};
}

Status Search::walk() {
  const auto root = root_of(true);
  if (!root) return fail(root.error());
  if (!*root) return {};
  to_do_.emplace_back();
  while (!to_do_.empty()) {
    const std::string directory = std::move(to_do_.back());
    to_do_.pop_back();
    if (Status looked = look_into(*root, directory); !looked) return looked;
  }
  return {};
}

Status Search::look_into(const Root& root, const std::string& directory) {
  FileDescriptor opened =
      open_without_links(*root, directory.empty() ? "." : directory, O_DIRECTORY);
  const std::string what = "looking through WAYBILL_ARTIFACTS/" + escape_utf8(directory);
  if (!opened.is_open()) return fail(system_error(errno, what));
  const std::unique_ptr<DIR, CloseRunDirectory> names(::fdopendir(opened.get()));
  if (!names) return fail(system_error(errno, what));
  opened.release();
  for (;;) {
    errno = 0;
    const dirent* entry = ::readdir(names.get());
    if (entry == nullptr) return errno == 0 ? Status() : Status(fail(system_error(errno, what)));
    const std::string name(entry->d_name);
    if (name == "." || name == "..") continue;
    if (++entries_ > kEntriesMax) {
      return fail(Code::out_of_range, "WAYBILL_ARTIFACTS holds more than " +
                                          std::to_string(kEntriesMax) + " files and directories");
    }
    const std::string path = directory.empty() ? name : directory + "/" + name;
    if (Status looked = look_at(::dirfd(names.get()), path); !looked) return looked;
  }
}

Status Search::look_at(int directory, const std::string& path) {
  struct stat status {};
  const std::string name = path.substr(path.rfind('/') + 1);
  if (::fstatat(directory, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
    return fail(system_error(errno, "looking at artifact " + escape_utf8(path)));
  }
  if (S_ISDIR(status.st_mode)) {
    // What it holds would have names that are longer still.
    if (Status fits = check_artifact_name(path); !fits) return fits;
    to_do_.push_back(path);
    return {};
  }
  if (!S_ISREG(status.st_mode)) {
    pass_over(path, status.st_mode);
    return {};
  }
  const Spot spot{.in_artifacts = true, .path = path};
  if (reported_.contains(spot)) return {};
  return add(spot, {}, status.st_size);
}

void Search::pass_over(const std::string& path, mode_t mode) {
  if (found_.passed_over.size() == kPassedOverMax) return;
  const std::string what = S_ISLNK(mode) ? "a link" : "neither a file nor a directory";
  found_.passed_over.push_back(escape_utf8(path) + " is " + what);
}

Result<FoundArtifacts> Search::finish() {
  std::ranges::sort(found_.files, {}, &ArtifactFile::name);
  const auto twice = std::ranges::adjacent_find(found_.files, {}, &ArtifactFile::name);
  if (twice != found_.files.end()) {
    return refuse_file(twice->name, "is there twice: a reported one has the name of another");
  }
  return std::move(found_);
}

}  // namespace

Result<RunPlaces> make_run_places(const std::string& directory) {
  RunPlaces places{.scratch = directory + "/work", .artifacts = directory + "/artifacts"};
  for (const std::string& path : {places.scratch, places.artifacts}) {
    if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST)
      return fail(system_error(errno, "making " + path));
  }
  return places;
}

Result<FoundArtifacts> find_artifacts(const RunPlaces& places,
                                      std::span<const ReportedArtifact> reported,
                                      std::int64_t bytes_max) {
  Search search(places, bytes_max);
  if (Status added = search.add_reported(reported); !added) return fail(added.error());
  if (Status walked = search.walk(); !walked) return fail(walked.error());
  return search.finish();
}

}  // namespace waybill
