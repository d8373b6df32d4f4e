#include "kinds/archive/ipfs/multipart.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <utility>

#include "base/percent.h"

namespace waybill::ipfs {
namespace {

/// js-ipfs reads no name of one byte.
std::string name_for_part(const std::string& name) {
  if (name.size() > 1) return to_percent(name);
  static constexpr char kDigits[] = "0123456789ABCDEF";
  std::string text;
  for (const char c : name) {
    const auto byte = static_cast<unsigned char>(c);
    text += {'%', kDigits[byte >> 4], kDigits[byte & 15]};
  }
  return text;
}

/// What lies below one directory: names from there on.
std::optional<Tree> tree_below(std::vector<DirectoryEntry> entries) {
  std::vector<DirectoryEntry> direct;
  std::map<std::string, std::vector<DirectoryEntry>> below;
  for (DirectoryEntry& entry : entries) {
    const auto slash = entry.name.find('/');
    if (slash == entry.name.npos) {
      direct.push_back(std::move(entry));
    } else {
      below[entry.name.substr(0, slash)].push_back({entry.name.substr(slash + 1), entry.tree});
    }
  }
  for (auto& [name, inside] : below) {
    auto tree = tree_below(std::move(inside));
    if (!tree) return std::nullopt;
    direct.push_back({name, std::move(*tree)});
  }
  return directory_tree(std::move(direct));
}

}  // namespace

MultipartUpload::MultipartUpload(std::vector<UploadFile> files, std::string boundary,
                                 std::size_t chunk_bytes,
                                 std::function<void(std::int64_t)> progress)
    : files_(std::move(files)),
      boundary_(std::move(boundary)),
      chunk_bytes_(chunk_bytes),
      progress_(std::move(progress)) {
  for (const UploadFile& file : files_) {
    file_bytes_ += file.size_bytes;
    size_bytes_ += static_cast<std::int64_t>(head_of(file).size()) + file.size_bytes + 2;
  }
  size_bytes_ += static_cast<std::int64_t>(boundary_.size()) + 6;
}

std::string MultipartUpload::content_type() const {
  return "multipart/form-data; boundary=" + boundary_;
}

std::string MultipartUpload::head_of(const UploadFile& file) const {
  return "--" + boundary_ + "\r\nContent-Disposition: form-data; name=\"path\"; filename=\"" +
         name_for_part(file.name) + "\"\r\nContent-Type: application/octet-stream\r\n\r\n";
}

Result<std::size_t> MultipartUpload::read(std::span<char> room) {
  while (true) {
    if (!text_.empty()) {
      const std::size_t size = std::min(room.size(), text_.size());
      std::copy_n(text_.begin(), size, room.begin());
      text_.erase(0, size);
      return size;
    }
    if (file_.is_open()) {
      auto got = read_file(room);
      if (!got || *got > 0) return got;
      if (Status ended = end_file(); !ended) return fail(ended.error());
    } else if (next_ < files_.size()) {
      if (Status begun = begin_file(); !begun) return fail(begun.error());
    } else if (!is_over_) {
      is_over_ = true;
      text_ = "--" + boundary_ + "--\r\n";
    } else {
      return std::size_t{0};
    }
  }
}

Status MultipartUpload::begin_file() {
  const UploadFile& file = files_[next_++];
  auto opened = file.open();
  if (!opened) return fail(with_context(opened.error(), file.name));
  file_ = std::move(*opened);
  left_ = file.size_bytes;
  text_ = head_of(file);
  if (chunk_bytes_ > 0) tree_.emplace(chunk_bytes_);
  return {};
}

Result<std::size_t> MultipartUpload::read_file(std::span<char> room) {
  const auto most = static_cast<std::size_t>(
      std::min<std::int64_t>(left_, static_cast<std::int64_t>(room.size())));
  if (most == 0) return std::size_t{0};
  while (true) {
    const ssize_t got = ::read(file_.get(), room.data(), most);
    if (got < 0 && errno == EINTR) continue;
    const std::string& name = files_[next_ - 1].name;
    if (got < 0) return fail(system_error(errno, "reading " + name));
    if (got == 0) return fail(Code::aborted, name + " became shorter while it was added");
    if (tree_) tree_->add({room.data(), static_cast<std::size_t>(got)});
    left_ -= got;
    read_bytes_ += got;
    if (progress_) progress_(read_bytes_);
    return static_cast<std::size_t>(got);
  }
}

Status MultipartUpload::end_file() {
  const UploadFile& file = files_[next_ - 1];
  char more = 0;
  if (::read(file_.get(), &more, 1) == 1) {
    return fail(Code::aborted, file.name + " became longer while it was added");
  }
  file_ = FileDescriptor();
  text_ = "\r\n";
  if (tree_) trees_.push_back({file.name, tree_->finish()});
  tree_.reset();
  return {};
}

std::optional<Tree> MultipartUpload::root() const {
  if (trees_.size() != files_.size() || trees_.empty()) return std::nullopt;
  const auto slash = trees_.front().name.find('/');
  if (slash == std::string::npos) return trees_.front().tree;
  std::vector<DirectoryEntry> entries = trees_;
  for (DirectoryEntry& entry : entries) entry.name.erase(0, slash + 1);
  return tree_below(std::move(entries));
}

}  // namespace waybill::ipfs
