#include "core/pipeline/matrix.h"

#include <algorithm>
#include <boost/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "base/json.h"
#include "core/pipeline/definition.h"

namespace waybill::pipeline {
namespace bj = boost::json;
namespace {

/// Combinations times entries of exclude and include: what they are held against.
constexpr std::size_t kComparisonsMax = 100'000;

tl::unexpected<Error> refuse(std::string message) {
  return fail(Code::invalid_argument, "matrix: " + std::move(message));
}

tl::unexpected<Error> too_many() {
  return refuse("more than " + std::to_string(kMatrixMax) + " combinations");
}

tl::unexpected<Error> too_big() {
  return refuse("all combinations together have more than " + std::to_string(kMatrixBytesMax) +
                " bytes");
}

bool is_special(std::string_view name) { return name == "include" || name == "exclude"; }

/// One list of a matrix. Equal values have equal texts.
struct Dimension {
  std::string_view name;
  const bj::array* values = nullptr;
  std::vector<std::string> texts;
};
using Dimensions = std::vector<Dimension>;
/// Which value of each dimension.
using Choice = std::vector<std::uint32_t>;

Result<Dimensions> dimensions_of(const bj::object& matrix) {
  Dimensions all;
  for (const auto& member : matrix) {
    if (is_special(member.key())) continue;
    if (!member.value().is_array() || member.value().get_array().empty()) {
      return refuse(std::string(member.key()) + " has to be a list with at least one value");
    }
    Dimension& dimension = all.emplace_back();
    dimension.name = member.key();
    dimension.values = &member.value().get_array();
    for (const bj::value& value : *dimension.values) {
      dimension.texts.push_back(json::canonical(value));
    }
  }
  return all;
}

/// The entries of include or exclude: maps.
Result<std::vector<const bj::object*>> entries(const bj::object& matrix, const char* name) {
  std::vector<const bj::object*> found;
  const bj::value* list = matrix.if_contains(name);
  if (list == nullptr) return found;
  if (!list->is_array()) return refuse(std::string(name) + " has to be a list of maps");
  for (const bj::value& entry : list->get_array()) {
    if (!entry.is_object()) return refuse(std::string(name) + " has to be a list of maps");
    found.push_back(&entry.get_object());
  }
  return found;
}

/// An entry of include or exclude, held against each value once.
struct Pattern {
  const bj::object* entry = nullptr;
  std::vector<std::vector<bool>> fits;  ///< by dimension and value; empty: it says nothing of it
  bool names_others = false;            ///< members that are in no list

  bool fits_to(const Choice& choice) const {
    for (std::size_t i = 0; i < choice.size(); ++i) {
      if (!fits[i].empty() && !fits[i][choice[i]]) return false;
    }
    return true;
  }
};

Pattern pattern_of(const bj::object& entry, const Dimensions& dimensions) {
  Pattern pattern{.entry = &entry, .fits = {}};
  std::size_t known = 0;
  for (const Dimension& dimension : dimensions) {
    auto& fits = pattern.fits.emplace_back();
    const bj::value* wanted = entry.if_contains(dimension.name);
    if (wanted == nullptr) continue;
    ++known;
    const std::string text = json::canonical(*wanted);
    for (const std::string& each : dimension.texts) fits.push_back(each == text);
  }
  pattern.names_others = known < entry.size();
  return pattern;
}

/// All combinations that no pattern fits, the first dimension turning slowest.
Result<std::vector<Choice>> choices_of(const Dimensions& dimensions,
                                       const std::vector<Pattern>& excluded, std::size_t included) {
  std::vector<Choice> all;
  if (dimensions.empty()) return all;
  std::size_t count = 1;
  for (const Dimension& dimension : dimensions) {
    count *= dimension.values->size();
    if (count > (excluded.empty() ? 1 : 10) * kMatrixMax) return too_many();
  }
  if (count * (excluded.size() + included) > kComparisonsMax) {
    return refuse("more entries of exclude and include than so many combinations may have");
  }
  for (std::size_t i = 0; i < count; ++i) {
    Choice choice(dimensions.size());
    std::size_t left = i;
    for (std::size_t d = dimensions.size(); d-- > 0;) {
      choice[d] = static_cast<std::uint32_t>(left % dimensions[d].values->size());
      left /= dimensions[d].values->size();
    }
    const bool is_out = std::any_of(excluded.begin(), excluded.end(), [&](const Pattern& each) {
      return !each.names_others && each.fits_to(choice);
    });
    if (!is_out) all.push_back(std::move(choice));
  }
  if (all.size() > kMatrixMax) return too_many();
  return all;
}

std::size_t bytes_of(const Choice& choice, const Dimensions& dimensions) {
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < choice.size(); ++i) {
    bytes += dimensions[i].name.size() + dimensions[i].texts[choice[i]].size();
  }
  return bytes;
}

/// What a matrix says, before anything is copied.
struct Matrix {
  Dimensions dimensions;
  std::vector<Choice> choices;
  std::vector<Pattern> included;
  std::vector<std::vector<std::size_t>> added_to;  ///< by entry of include: choices; none: its own
  std::size_t width = 0;
};

/// Where each entry of include goes, and that all of it is not too much.
Status include(Matrix& matrix) {
  std::size_t bytes = 0;
  for (const Choice& choice : matrix.choices) bytes += bytes_of(choice, matrix.dimensions);
  matrix.width = matrix.choices.size();
  for (const Pattern& pattern : matrix.included) {
    const std::size_t size = json::serialize(*pattern.entry).size();
    auto& added = matrix.added_to.emplace_back();
    for (std::size_t i = 0; i < matrix.choices.size(); ++i) {
      if (pattern.fits_to(matrix.choices[i])) added.push_back(i);
    }
    if (added.empty()) ++matrix.width;
    bytes += size * std::max<std::size_t>(added.size(), 1);
    if (bytes > kMatrixBytesMax) return too_big();
  }
  if (bytes > kMatrixBytesMax) return too_big();
  if (matrix.width == 0) return refuse("there are no combinations");
  return matrix.width > kMatrixMax ? Status(too_many()) : Status();
}

Result<Matrix> read_matrix(const bj::value& value) {
  if (!value.is_object()) return refuse("has to be a map of names to lists");
  const bj::object& object = value.get_object();
  const auto excluded = entries(object, "exclude");
  const auto included = entries(object, "include");
  if (!excluded) return fail(excluded.error());
  if (!included) return fail(included.error());
  if (excluded->size() > kMatrixMax || included->size() > kMatrixMax) return too_many();
  auto dimensions = dimensions_of(object);
  if (!dimensions) return fail(dimensions.error());
  Matrix matrix{.dimensions = std::move(*dimensions)};
  std::vector<Pattern> patterns;
  for (const bj::object* each : *excluded) patterns.push_back(pattern_of(*each, matrix.dimensions));
  for (const bj::object* each : *included) {
    matrix.included.push_back(pattern_of(*each, matrix.dimensions));
  }
  auto choices = choices_of(matrix.dimensions, patterns, included->size());
  if (!choices) return fail(choices.error());
  matrix.choices = std::move(*choices);
  if (auto s = include(matrix); !s) return fail(s.error());
  return matrix;
}

}  // namespace

Result<std::size_t> matrix_width(const bj::value& matrix) {
  const auto read = read_matrix(matrix);
  if (!read) return fail(read.error());
  return read->width;
}

Result<bj::value> expand_matrix(const bj::value& value) {
  const auto matrix = read_matrix(value);
  if (!matrix) return fail(matrix.error());
  bj::array result;
  for (const Choice& choice : matrix->choices) {
    bj::object& combination = result.emplace_back(bj::object()).get_object();
    for (std::size_t i = 0; i < choice.size(); ++i) {
      const Dimension& dimension = matrix->dimensions[i];
      combination.emplace(dimension.name, (*dimension.values)[choice[i]]);
    }
  }
  for (std::size_t i = 0; i < matrix->included.size(); ++i) {
    const bj::object& entry = *matrix->included[i].entry;
    if (matrix->added_to[i].empty()) result.emplace_back(entry);
    for (const std::size_t index : matrix->added_to[i]) {
      for (const auto& member : entry) {
        result[index].get_object().insert_or_assign(member.key(), member.value());
      }
    }
  }
  return bj::value(std::move(result));
}

}  // namespace waybill::pipeline
