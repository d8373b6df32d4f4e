#include "adapters/git/tree.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <optional>
#include <set>

#include "base/ascii.h"
#include "base/file_descriptor.h"

namespace waybill::git {
namespace {

constexpr std::size_t kPathMax = 1000;

std::string_view take_until(std::string_view& text, char end) {
  const auto at = text.find(end);
  const std::string_view part = text.substr(0, at);
  text = at == text.npos ? std::string_view{} : text.substr(at + 1);
  return part;
}

/// A name that no file of ours may have, though it leads nowhere.
bool is_odd(std::string_view path) {
  return std::any_of(path.begin(), path.end(), [](char c) {
    return static_cast<unsigned char>(c) < ' ' || c == '\x7f' || c == '\\';
  });
}

/// Whether it stays below where it starts, and out of what git keeps of its own.
bool is_inside(std::string_view path) {
  if (path.empty() || path.size() > kPathMax || path.ends_with('/')) return false;
  while (!path.empty()) {
    const std::string_view part = take_until(path, '/');
    if (part.empty() || part == "." || part == ".." || to_lower(part) == ".git") return false;
  }
  return true;
}

std::optional<std::uint64_t> number(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

Status write_file(const TreeFile& file, std::string_view bytes, const std::string& path) {
  // Nobody is to write there; who runs programs as the same user could, but not by accident.
  const mode_t mode = file.is_executable ? 0555 : 0444;
  const FileDescriptor open(
      ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode));
  if (!open.is_open()) return fail(system_error(errno, "writing " + path));
  while (!bytes.empty()) {
    const ssize_t done = ::write(open.get(), bytes.data(), bytes.size());
    if (done < 0 && errno == EINTR) continue;
    if (done < 0) return fail(system_error(errno, "writing " + path));
    bytes.remove_prefix(static_cast<std::size_t>(done));
  }
  return {};
}

Status make_directories(const std::string& top, std::string_view path,
                        std::set<std::string>& made) {
  for (auto slash = path.find('/'); slash != path.npos; slash = path.find('/', slash + 1)) {
    const std::string directory = top + "/" + std::string(path.substr(0, slash));
    if (!made.insert(directory).second) continue;
    if (::mkdir(directory.c_str(), 0755) != 0) {
      return fail(system_error(errno, "making " + directory));
    }
  }
  return {};
}

}  // namespace

Result<TreeListing> read_listing(std::string_view output, std::size_t files_max,
                                 std::uint64_t bytes_max) {
  TreeListing listing;
  std::uint64_t bytes = 0;
  while (!output.empty()) {
    std::string_view line = take_until(output, '\0');
    const std::string_view mode = take_until(line, ' ');
    const std::string_view type = take_until(line, ' ');
    const std::string_view id = take_until(line, ' ');
    const std::string_view size = take_until(line, '\t');
    if (!is_inside(line)) {
      return fail(Code::invalid_argument, "a file's name leads out of the repository: \"" +
                                              std::string(line.substr(0, 200)) + "\"");
    }
    if (type != "blob" || !mode.starts_with("100") || is_odd(line)) {
      listing.left_out.emplace_back(line);
    } else {
      const auto length = number(size);
      if (!length) return fail(Code::data_loss, "git ls-tree tells no size of a file");
      bytes += *length;
      listing.files.push_back({.path = std::string(line),
                               .id = std::string(id),
                               .size = *length,
                               .is_executable = mode == "100755"});
    }
    if (listing.files.size() + listing.left_out.size() > files_max || bytes > bytes_max) {
      return fail(Code::resource_exhausted,
                  "the directory holds more than " + std::to_string(files_max) + " files or " +
                      std::to_string(bytes_max >> 20) +
                      " MiB: keep definitions in a directory of their own, and name that");
    }
  }
  return listing;
}

Status write_tree(const TreeListing& listing, std::string_view contents,
                  const std::string& directory) {
  std::set<std::string> made;
  for (const TreeFile& file : listing.files) {
    const std::string_view head = take_until(contents, '\n');
    if (head != file.id + " blob " + std::to_string(file.size) || contents.size() <= file.size ||
        contents[file.size] != '\n') {
      return fail(Code::data_loss, "git cat-file does not tell what is in " + file.path);
    }
    if (Status inside = make_directories(directory, file.path, made); !inside) return inside;
    const Status written =
        write_file(file, contents.substr(0, file.size), directory + "/" + file.path);
    if (!written) return written;
    contents.remove_prefix(file.size + 1);
  }
  return {};
}

}  // namespace waybill::git
