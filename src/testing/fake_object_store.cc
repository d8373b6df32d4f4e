#include "testing/fake_object_store.h"

#include <algorithm>
#include <utility>

namespace waybill {
namespace {

constexpr std::size_t kKeyBytesMax = 1024;

/// The first key that is greater than every key with this prefix; empty: there is none.
std::string after_prefix(std::string prefix) {
  while (!prefix.empty() && static_cast<unsigned char>(prefix.back()) == 0xff) prefix.pop_back();
  if (!prefix.empty()) ++prefix.back();
  return prefix;
}

/// `key` up to and with the first delimiter after the prefix; empty: it has none there.
std::string_view folded(std::string_view key, const ListParams& params) {
  if (params.delimiter.empty()) return {};
  const auto found = key.find(params.delimiter, params.prefix.size());
  return found == std::string_view::npos ? std::string_view{}
                                         : key.substr(0, found + params.delimiter.size());
}

Status check_key(const std::string& key) {
  if (!key.empty() && key.size() <= kKeyBytesMax) return {};
  return fail(Code::invalid_argument,
              "a key of " + std::to_string(key.size()) + " bytes; it must be 1 to 1024");
}

}  // namespace

FakeObjectStore::FakeObjectStore(Clock& clock, FakeObjectStoreOptions options)
    : clock_(clock), options_(std::move(options)) {}

Result<ListPage> FakeObjectStore::list(const ListParams& params) {
  const Lock lock(mutex_);
  ListPage page;
  // A token is the key at which the next page begins. The smallest key after k is k and a zero
  // byte.
  std::string from = std::max(params.prefix, params.token);
  if (!params.start_after.empty()) from = std::max(from, params.start_after + '\0');
  for (auto at = objects_.lower_bound(from); at != objects_.end();) {
    const auto& [key, object] = *at;
    if (!key.starts_with(params.prefix)) break;
    if (!params.end_before.empty() && key >= params.end_before) break;
    if (page.objects.size() + page.prefixes.size() == options_.page_size) {
      page.next_token = key;
      break;
    }
    const std::string prefix(folded(key, params));
    if (prefix.empty()) {
      page.objects.push_back({.key = key});
      if (params.detail == ListDetail::full) {
        page.objects.back().size_bytes = object.body.size();
        page.objects.back().modified_at = object.modified_at;
      }
      ++at;
      continue;
    }
    page.prefixes.push_back(prefix);
    const std::string next = after_prefix(prefix);
    at = next.empty() ? objects_.end() : objects_.lower_bound(next);
  }
  return page;
}

Result<std::string> FakeObjectStore::get(const std::string& key) {
  const Lock lock(mutex_);
  const auto found = objects_.find(key);
  if (found == objects_.end()) {
    return fail(Code::not_found, "no object '" + key + "' in " + url());
  }
  return found->second.body;
}

Status FakeObjectStore::put(const std::string& key, std::string_view body) {
  if (const Status valid = check_key(key); !valid) return valid;
  const Time now = clock_.now();
  const Lock lock(mutex_);
  objects_[key] = {.body = std::string(body), .modified_at = now};
  return {};
}

Status FakeObjectStore::put_if_absent(const std::string& key, std::string_view body) {
  const auto taken = [&] {
    return fail(Code::already_exists, "there is an object '" + key + "' in " + url());
  };
  if (!options_.conditional_put) {
    if (has(key)) return taken();
    return put(key, body);
  }
  if (const Status valid = check_key(key); !valid) return valid;
  const Time now = clock_.now();
  const Lock lock(mutex_);
  const auto [at, fresh] = objects_.try_emplace(key);
  if (!fresh) return taken();
  at->second = {.body = std::string(body), .modified_at = now};
  return {};
}

bool FakeObjectStore::has(const std::string& key) const {
  const Lock lock(mutex_);
  return objects_.contains(key);
}

Status FakeObjectStore::remove(const std::string& key) {
  const Lock lock(mutex_);
  objects_.erase(key);
  return {};
}

std::size_t FakeObjectStore::size() const {
  const Lock lock(mutex_);
  return objects_.size();
}

}  // namespace waybill
