#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace waybill {

/// The keys directly in a directory, in their order. A subdirectory is named with a '/' at its end,
/// because that is where all keys in it sort: "a-b/" before "a.c" before "a/". Names lie in one
/// piece of memory: a directory may hold millions.
class DirectoryKeys {
 public:
  void add(std::string_view name);
  void sort();
  std::size_t size() const { return places_.size(); }
  std::string_view operator[](std::size_t i) const {
    return std::string_view(bytes_).substr(places_[i].offset, places_[i].length);
  }

 private:
  struct Place {
    std::size_t offset;
    std::uint32_t length;
  };

  std::string bytes_;
  std::vector<Place> places_;
};

/// The keys k with from <= k < to, by bytes.
struct KeyRange {
  std::string from;
  std::string to;  ///< empty: no bound

  bool contains(std::string_view key) const { return key >= from && is_before_end(key); }
  /// May it hold a key that begins with `beginning`?
  bool overlaps(std::string_view beginning) const {
    const bool reaches_from = beginning >= from || from.starts_with(beginning);
    return reaches_from && is_before_end(beginning);
  }
  bool is_before_end(std::string_view key) const { return to.empty() || key < to; }
};

/// Walks a tree of directories in byte order of full keys, without reading a directory that holds
/// nothing of the range.
class KeyWalk {
 public:
  /// Reads the directory whose keys begin with `prefix` (empty, or ending in '/') in any order; may
  /// leave out what is not in `range`. A directory that is not there is empty.
  using ReadDirectory =
      std::function<Result<DirectoryKeys>(const std::string& prefix, const KeyRange& range)>;

  /// Keys of `range` that begin with `prefix`; those that have `delimiter` after it (where it is
  /// not empty) are folded.
  struct Params {
    std::string prefix;
    std::string delimiter;
    KeyRange range;
  };
  KeyWalk(Params params, ReadDirectory read);

  struct Found {
    std::string name;
    bool folded = false;  ///< the common beginning of keys, up to and with the delimiter
  };
  /// The next key or folded prefix; nothing at the end.
  Result<std::optional<Found>> next();
  /// Directories that nobody may read, in words, since the last call: they were left out, because
  /// their keys are only folded. The folded prefix is given, since they may hold keys, but for that
  /// of the file system's own `lost+found`.
  std::vector<std::string> take_unreadable() { return std::exchange(unreadable_, {}); }
  /// Where a walk has to begin to go on after what next() gave last.
  const std::string& position() const { return range_.from; }

 private:
  struct Level {
    std::string prefix;
    DirectoryKeys keys;
    std::size_t next = 0;
  };

  Status enter(std::string prefix);
  std::size_t fold_of(const std::string& key) const;
  Found take(std::string key);

  const std::string prefix_;
  const std::string delimiter_;
  const ReadDirectory read_;
  KeyRange range_;  // what is left
  std::vector<Level> levels_;
  std::vector<std::string> unreadable_;
  bool begun_ = false;
  bool over_ = false;
};

}  // namespace waybill
