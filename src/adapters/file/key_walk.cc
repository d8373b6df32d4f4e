#include "adapters/file/key_walk.h"

#include <algorithm>
#include <utility>

#include "adapters/file/object_key.h"

namespace waybill {
namespace {

constexpr std::string_view kLostAndFound = "lost+found/";

}  // namespace

void DirectoryKeys::add(std::string_view name) {
  places_.push_back({.offset = bytes_.size(), .length = static_cast<std::uint32_t>(name.size())});
  bytes_ += name;
}

void DirectoryKeys::sort() {
  const std::string_view bytes = bytes_;
  const auto name = [&](const Place& place) { return bytes.substr(place.offset, place.length); };
  std::sort(places_.begin(), places_.end(),
            [&](const Place& a, const Place& b) { return name(a) < name(b); });
}

KeyWalk::KeyWalk(Params params, ReadDirectory read)
    : prefix_(std::move(params.prefix)),
      delimiter_(std::move(params.delimiter)),
      read_(std::move(read)),
      range_(std::move(params.range)) {
  range_.from = std::max(range_.from, prefix_);
  const std::string end = after_prefix(prefix_);
  if (range_.to.empty() || (!end.empty() && end < range_.to)) range_.to = end;
}

Result<std::optional<KeyWalk::Found>> KeyWalk::next() {
  if (!begun_) {
    begun_ = true;
    // No key of the range lies above the last slash of the prefix.
    Status entered = enter(prefix_.substr(0, prefix_.rfind('/') + 1));
    if (!entered) return fail(entered.error());
  }
  while (!over_ && !levels_.empty()) {
    Level& level = levels_.back();
    if (level.next == level.keys.size()) {
      levels_.pop_back();
      continue;
    }
    const std::string_view name = level.keys[level.next++];
    std::string key = level.prefix;
    key += name;
    if (!range_.is_before_end(key)) break;
    if (name.ends_with('/')) {
      if (!range_.overlaps(key)) continue;
      const Status entered = enter(key);
      if (entered) continue;
      const bool denied = entered.error().code == Code::permission_denied;
      if (!denied || fold_of(key) == std::string::npos) return fail(entered.error());
      unreadable_.push_back(entered.error().message);
      // It may hold keys of its own: what lists them is told.
      if (key != kLostAndFound) return take(std::move(key));
    } else if (range_.contains(key)) {
      return take(std::move(key));
    }
  }
  over_ = true;
  return std::optional<Found>();
}

Status KeyWalk::enter(std::string prefix) {
  Result<DirectoryKeys> keys = read_(prefix, range_);
  if (!keys) return fail(keys.error());
  keys->sort();
  levels_.push_back({.prefix = std::move(prefix), .keys = std::move(*keys)});
  return {};
}

/// Where the folded prefix of a key ends; npos: it is not folded.
std::size_t KeyWalk::fold_of(const std::string& key) const {
  const std::size_t found =
      delimiter_.empty() ? std::string::npos : key.find(delimiter_, prefix_.size());
  return found == std::string::npos ? found : found + delimiter_.size();
}

KeyWalk::Found KeyWalk::take(std::string key) {
  const std::size_t fold = fold_of(key);
  if (fold == std::string::npos) {
    range_.from = key;  // in the memory that it has
    range_.from += '\0';
    return Found{.name = std::move(key)};
  }
  key.resize(fold);
  range_.from = after_prefix(key);
  over_ = range_.from.empty();
  return Found{.name = std::move(key), .folded = true};
}

}  // namespace waybill
