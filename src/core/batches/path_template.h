#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace waybill::batches {

/// How exactly a path tells the time of its batch.
enum class Precision : std::uint8_t { none, year, month, day, hour, minute };

/// `time` cut to the precision; unchanged for `none`.
Time cut(Time time, Precision precision);

/// What a key says by a template. Views into the key.
struct PathMatch {
  enum class Kind : std::uint8_t {
    part,     ///< of a batch
    unknown,  ///< in a batch's place, but it ends in none of the parts
    other     ///< does not match
  };
  Kind kind = Kind::other;
  Time time{};             ///< the beginning of the period; zero without a date
  std::string_view batch;  ///< at least one byte, without `/`
  std::size_t part = 0;    ///< index into the parts
};

/// Where a batch's objects are, such as `{source}/{yyyy}/{MM}/{dd}/{HH}/{mm}/{batch}.{part}`.
/// {batch} and {part} are there once; {source} at most once; the parts of the date at most once,
/// from coarse to fine, none left out between, each padded to its width. Everything else is
/// literal.
class PathTemplate {
 public:
  static constexpr std::size_t kPartsMax = 30;

  /// `invalid_argument` says at which byte of `path` what is wrong, or what is wrong with the
  /// parts.
  static Result<PathTemplate> compile(std::string_view path, std::vector<std::string> parts);

  const std::vector<std::string>& parts() const { return parts_; }
  Precision precision() const { return precision_; }
  bool has_source() const { return has_source_; }

  /// Of several parts that fit the longest is taken. The date must be one of the calendar.
  PathMatch match(std::string_view source, std::string_view key) const;

  /// The key of a part: the inverse of match.
  std::string key(std::string_view source, Time time, std::string_view batch,
                  std::size_t part) const;

  /// What every key of the source begins with.
  std::string prefix(std::string_view source) const;
  /// Less than the key of any batch at or after `begin`; empty if the path has no date before the
  /// first {batch} or {part}.
  std::string lower_bound(std::string_view source, Time begin) const;

 private:
  enum class Field : std::uint8_t { literal, source, date, batch, part };
  struct Token {
    Field field = Field::literal;
    std::string text;         // of a literal
    std::size_t date_at = 0;  // year, month, day, hour, minute
  };
  struct Reading;  // of one key

  PathTemplate() = default;
  Status add_field(std::string_view name, std::size_t offset);
  Status check(std::string_view path) const;
  std::size_t width(const Token& token, std::string_view source, std::size_t part) const;
  bool read(const Token& token, std::string_view text, Reading& reading) const;
  bool read_all(std::size_t begin, std::size_t end, std::string_view& text, Reading& reading) const;
  bool read_part(std::string_view source, std::string_view key, Reading& reading) const;
  void append(std::string& out, const Token& token, std::string_view source, Time time) const;

  std::vector<Token> tokens_;
  std::vector<std::string> parts_;
  std::vector<std::size_t> longest_first_;  // indexes into parts_
  std::size_t batch_at_ = SIZE_MAX;         // index into tokens_
  std::size_t variable_at_ = SIZE_MAX;      // the first of {batch} and {part}
  std::ptrdiff_t slashes_after_ = 0;        // in the literals from there on
  Precision precision_ = Precision::none;
  bool has_source_ = false;
  bool has_part_ = false;
};

}  // namespace waybill::batches
