#include "core/history.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <limits>

#include "base/rng.h"

namespace waybill {
namespace {

constexpr Time kNow = from_micros(1'800'000'000'000'000);

std::string any_text(Rng& rng) {
  std::string text(rng.chance(0.1) ? rng.below(3000) : rng.below(20), '\0');
  for (char& c : text) c = static_cast<char>(rng.next());
  return text;
}

std::vector<HistoryEntry> any_history(Rng& rng) {
  std::vector<HistoryEntry> history(rng.below(12));
  for (HistoryEntry& entry : history) {
    entry = {.at = from_micros(static_cast<std::int64_t>(rng.next() >> (1 + rng.below(63)))),
             .happening = static_cast<Happening>(rng.below(13)),
             .state = static_cast<State>(rng.below(kStateCount)),
             .fence = rng.next() >> rng.below(64),
             .attempt = static_cast<std::uint32_t>(rng.next() >> (32 + rng.below(32))),
             .worker = any_text(rng),
             .reason = any_text(rng)};
  }
  return history;
}

std::string encode(const std::vector<HistoryEntry>& history) {
  std::string bytes;
  for (const HistoryEntry& entry : history) append_history(bytes, entry);
  return bytes;
}

RC_GTEST_PROP(History, WhatWasAppendedIsReadBack, (std::uint64_t seed)) {
  Rng rng(seed);
  const auto history = any_history(rng);
  const auto read = read_history(encode(history));
  RC_ASSERT(read.has_value());
  RC_ASSERT(*read == history);
}

RC_GTEST_PROP(History, IsRefusedWhereItIsCutInsideAnEntry, (std::uint64_t seed)) {
  Rng rng(seed);
  std::vector<HistoryEntry> history = any_history(rng);
  history.push_back({.at = kNow, .fence = rng.next()});
  const std::string whole = encode(history);
  const std::size_t last = encode({history.begin(), history.end() - 1}).size();
  const std::size_t cut = last + 1 + rng.below(whole.size() - last - 1);
  const auto read = read_history(std::string_view(whole).substr(0, cut));
  RC_ASSERT(!read.has_value());
  RC_ASSERT(read.error().code == Code::data_loss);
  RC_ASSERT(read.error().message.find("byte " + std::to_string(last) + " of") != std::string::npos);
}

RC_GTEST_PROP(History, DamageIsRefusedOrReadAsOtherEntries, (std::uint64_t seed)) {
  // A flipped bit may make another valid history; then it says so by being written the same way.
  Rng rng(seed);
  std::string bytes = encode(any_history(rng));
  if (bytes.empty()) return;
  bytes[rng.below(bytes.size())] ^= static_cast<char>(1 << rng.below(8));
  const auto read = read_history(bytes);
  if (read) {
    RC_ASSERT(read_history(encode(*read)).value() == *read);
  } else {
    RC_ASSERT(read.error().code == Code::data_loss);
  }
}

TEST(History, RefusesWhatNoLedgerWrites) {
  std::string good;
  append_history(good, {.at = kNow, .happening = Happening::created, .state = State::ready});
  const auto refused = [&](std::size_t at, int value) {
    std::string bytes = good;
    bytes[at] = static_cast<char>(value);
    return !read_history(bytes).has_value();
  };
  EXPECT_TRUE(read_history(good).has_value());
  EXPECT_TRUE(refused(0, 0x00)) << "version 0";
  EXPECT_TRUE(refused(0, 0x20)) << "version 2";
  EXPECT_TRUE(refused(0, 0x1f)) << "a happening that is not known";
  EXPECT_TRUE(refused(1, kStateCount)) << "a state that is not known";
  EXPECT_FALSE(read_history(std::string(12, '\xff')).has_value());
}

TEST(History, ATypicalEntryIsShort) {
  std::string bytes;
  append_history(bytes, {.at = kNow,
                         .happening = Happening::claimed,
                         .state = State::leased,
                         .fence = 1,
                         .attempt = 1,
                         .worker = "host-1:4711"});
  EXPECT_LE(bytes.size(), 30u);
  bytes.clear();
  append_history(bytes, {.at = kNow, .happening = Happening::succeeded, .state = State::succeeded});
  EXPECT_LE(bytes.size(), 14u);
}

TEST(History, TheHolderIsWhoClaimedThatFence) {
  const std::vector<HistoryEntry> history = {
      {.happening = Happening::created, .reason = "cli:ann"},
      {.happening = Happening::claimed, .fence = 1, .worker = "a"},
      {.happening = Happening::lease_expired, .fence = 1},
      {.happening = Happening::claimed, .fence = 2, .worker = "b"},
      {.happening = Happening::succeeded, .fence = 2}};
  EXPECT_EQ(holder_of(history, history[0]), "");
  EXPECT_EQ(holder_of(history, history[2]), "a");
  EXPECT_EQ(holder_of(history, history[4]), "b");
}

}  // namespace
}  // namespace waybill
