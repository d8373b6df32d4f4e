#include <algorithm>
#include <boost/json.hpp>
#include <cmath>
#include <span>
#include <utility>

#include "base/json.h"
#include "core/document.h"
#include "core/json_schema_keywords.h"
#include "core/json_schema_number.h"
#include "core/json_schema_value.h"
#include "core/suggest.h"

namespace waybill {
namespace bj = boost::json;
namespace {

using schema::equal;
using schema::has_type;
using schema::Keyword;
using schema::length;
using schema::Place;
using schema::Rules;
using schema::shown;
using schema::view;
using schema::with_article;

constexpr int kCheckDepthMax = 200;
// Schemas that refer to themselves can double forever; what is large takes many steps by itself.
constexpr std::size_t kStepsMax = 1'000'000;
constexpr std::size_t kStepsPerValue = 50;
constexpr std::size_t kViolationsMax = 1000;

/// One value against one schema.
struct Step {
  const bj::value& instance;
  const Place& place;
  int depth;
};

class InstanceChecker {
 public:
  InstanceChecker(const SchemaParts& parts, std::size_t steps_max)
      : parts_(parts), steps_max_(steps_max) {}

  void check(const bj::value& schema, const Step& step, std::vector<SchemaViolation>& out) const {
    if (unread_ > 0 && !out.empty()) return;
    if (schema.is_bool()) {
      if (!schema.get_bool()) add(out, step, "nothing is allowed here", SchemaViolation::Of::key);
      return;
    }
    if (step.depth > kCheckDepthMax || ++steps_ > steps_max_) {
      return add(out, step, "cannot be checked: the schema goes round in circles");
    }
    const Rules& rules = parts_.rules.find(&schema.get_object())->second;
    if (!check_type(rules, step, out)) return;
    if (rules.has_values()) check_values(rules, step, out);
    if (rules.has_bounds()) check_counts(rules, step, out);
    if (step.instance.is_string()) check_text(rules, step, out);
    if (step.instance.is_number() && rules.has_bounds()) check_number(rules, step, out);
    if (step.instance.is_array()) check_array(rules, step, out);
    if (step.instance.is_object()) check_object(rules, step, out);
    if (rules.has_combinations()) check_combinations(rules, step, out);
  }

 private:
  /// Whoever reads the first of so many mends them all; to make a text of each costs memory.
  static bool is_full(const std::vector<SchemaViolation>& out) {
    return out.size() >= kViolationsMax;
  }
  static void add(std::vector<SchemaViolation>& out, const Step& step, std::string message,
                  SchemaViolation::Of of = SchemaViolation::Of::value) {
    if (is_full(out)) return;
    out.push_back({.pointer = step.place.pointer(), .message = std::move(message), .of = of});
  }

  /// False if the type is wrong: nothing else is worth saying then.
  static bool check_type(const Rules& rules, const Step& step, std::vector<SchemaViolation>& out) {
    const bj::value* type = rules[Keyword::type];
    if (type == nullptr) return true;
    const bool several = type->is_array();
    const std::span<const bj::value> types =
        several ? std::span<const bj::value>(type->get_array()) : std::span(type, 1);
    const auto fits = [&](const bj::value& name) {
      return has_type(step.instance, view(name.get_string()));
    };
    if (std::ranges::any_of(types, fits)) return true;
    std::string wanted;
    for (const bj::value& name : types) {
      wanted += (wanted.empty() ? "" : " or ") + with_article(view(name.get_string()));
    }
    add(out, step, "has to be " + wanted + ", not " + shown(step.instance));
    return false;
  }

  static void check_values(const Rules& rules, const Step& step,
                           std::vector<SchemaViolation>& out) {
    if (const bj::value* constant = rules[Keyword::constant]) {
      if (!equal(*constant, step.instance)) {
        add(out, step, "has to be " + shown(*constant) + ", not " + shown(step.instance));
      }
    }
    const bj::value* choices = rules[Keyword::choices];
    if (choices == nullptr) return;
    std::string listed;
    std::vector<std::string> words;
    for (const bj::value& choice : choices->get_array()) {
      if (equal(choice, step.instance)) return;
      listed += (listed.empty() ? "" : ", ") + shown(choice);
      if (choice.is_string()) words.emplace_back(choice.get_string());
    }
    std::string hint;
    if (step.instance.is_string()) hint = did_you_mean(view(step.instance.get_string()), words);
    add(out, step, "has to be one of " + listed + ", not " + shown(step.instance) + hint);
  }

  /// Calls `broken` with the limit if `keyword` is there and `holds` is false for it.
  template <class Holds, class Broken>
  static void limit(const Rules& rules, Keyword keyword, Holds holds, Broken broken) {
    const bj::value* bound = rules[keyword];
    if (bound != nullptr && !holds(*bound)) broken(shown(*bound));
  }

  /// What is counted, and the keywords of its bounds.
  struct Counted {
    Keyword min;
    Keyword max;
    const char* what;
  };
  static constexpr Counted kLength{Keyword::min_length, Keyword::max_length, " characters"};
  static constexpr Counted kItems{Keyword::min_items, Keyword::max_items, " elements"};
  static constexpr Counted kProperties{Keyword::min_properties, Keyword::max_properties, " fields"};

  template <class Broken>
  static void check_count(const Rules& rules, const Counted& counted, std::int64_t count,
                          Broken broken) {
    limit(
        rules, counted.min, [&](const bj::value& bound) { return count >= bound.get_int64(); },
        [&](const std::string& bound) {
          broken("needs at least " + bound + counted.what + ", has " + std::to_string(count));
        });
    limit(
        rules, counted.max, [&](const bj::value& bound) { return count <= bound.get_int64(); },
        [&](const std::string& bound) {
          broken("may have at most " + bound + counted.what + ", has " + std::to_string(count));
        });
  }

  static void check_counts(const Rules& rules, const Step& step,
                           std::vector<SchemaViolation>& out) {
    const auto broken = [&](std::string message) { add(out, step, std::move(message)); };
    const bj::value& value = step.instance;
    if (const auto* text = value.if_string()) {
      check_count(rules, kLength, length(view(*text)), broken);
    } else if (const auto* array = value.if_array()) {
      check_count(rules, kItems, static_cast<std::int64_t>(array->size()), broken);
    } else if (const auto* object = value.if_object()) {
      check_count(rules, kProperties, static_cast<std::int64_t>(object->size()), broken);
    }
  }

  void check_text(const Rules& rules, const Step& step, std::vector<SchemaViolation>& out) const {
    const std::string_view text = view(step.instance.get_string());
    if (const bj::value* pattern = rules[Keyword::pattern]) {
      if (!matches(view(pattern->get_string()), text)) {
        add(out, step, shown(step.instance) + " does not match " + shown(*pattern));
      }
    }
    if (const bj::value* format = rules[Keyword::format]) {
      const auto& check = parts_.formats.find(view(format->get_string()))->second;
      if (const Status status = check(text); !status) add(out, step, status.error().message);
    }
  }

  static void check_number(const Rules& rules, const Step& step,
                           std::vector<SchemaViolation>& out) {
    const bj::value& number = step.instance;
    const auto bound = [&](Keyword keyword, auto holds, const std::string& text) {
      limit(rules, keyword, holds, [&](const std::string& shown_bound) {
        add(out, step, "has to be " + text + " " + shown_bound + ", not " + shown(number));
      });
    };
    bound(
        Keyword::minimum, [&](const bj::value& b) { return !is_less(number, b); }, "at least");
    bound(
        Keyword::maximum, [&](const bj::value& b) { return !is_less(b, number); }, "at most");
    bound(
        Keyword::exclusive_minimum, [&](const bj::value& b) { return is_less(b, number); },
        "more than");
    bound(
        Keyword::exclusive_maximum, [&](const bj::value& b) { return is_less(number, b); },
        "less than");
    bound(
        Keyword::multiple_of, [&](const bj::value& b) { return is_multiple(number, b); },
        "a multiple of");
  }

  void check_array(const Rules& rules, const Step& step, std::vector<SchemaViolation>& out) const {
    const bj::array& array = step.instance.get_array();
    const bj::value* prefix = rules[Keyword::prefix_items];
    const bj::value* items = rules[Keyword::items];
    const std::size_t listed = prefix == nullptr ? 0 : prefix->get_array().size();
    for (std::size_t i = 0; i < array.size(); ++i) {
      const bj::value* schema = i < listed ? &prefix->get_array()[i] : items;
      if (schema == nullptr) continue;
      check(*schema, {array[i], Place{.in = &step.place, .index = i}, step.depth + 1}, out);
    }
    if (const bj::value* contains = rules[Keyword::contains]) {
      const bool found = std::any_of(array.begin(), array.end(), [&](const bj::value& element) {
        return conforms(*contains, {element, step.place, step.depth + 1});
      });
      if (!found) add(out, step, "has no element of the kind that is needed");
    }
    check_unique(rules, step, out);
  }

  static void check_unique(const Rules& rules, const Step& step,
                           std::vector<SchemaViolation>& out) {
    const bj::value* unique = rules[Keyword::unique_items];
    if (unique == nullptr || !unique->get_bool()) return;
    std::map<std::string, std::size_t> seen;
    for (const bj::value& element : step.instance.get_array()) {
      if (!seen.emplace(json::canonical(element), seen.size()).second) {
        add(out, step, "has " + shown(element) + " twice");
      }
    }
  }

  void check_object(const Rules& rules, const Step& step, std::vector<SchemaViolation>& out) const {
    const bj::object& object = step.instance.get_object();
    if (const bj::value* required = rules[Keyword::required]) {
      for (const bj::value& name : required->get_array()) {
        if (!object.contains(name.get_string())) {
          if (unread_ > 0) return void(out.emplace_back());
          add(out, step, "the field " + shown(name) + " is missing", SchemaViolation::Of::key);
        }
      }
    }
    const MemberRules members{.names = rules[Keyword::property_names],
                              .properties = rules[Keyword::properties],
                              .by_pattern = rules[Keyword::pattern_properties],
                              .additional = rules[Keyword::additional_properties]};
    if (members.any()) {
      for (const auto& member : object) check_member(members, step, member, out);
    }
  }

  /// What a schema says about the members of an object; null: nothing.
  struct MemberRules {
    const bj::value* names;
    const bj::value* properties;
    const bj::value* by_pattern;
    const bj::value* additional;

    bool any() const {
      return names != nullptr || properties != nullptr || by_pattern != nullptr ||
             additional != nullptr;
    }
  };

  void check_member(const MemberRules& rules, const Step& step, const bj::key_value_pair& member,
                    std::vector<SchemaViolation>& out) const {
    const std::string_view name(member.key().data(), member.key().size());
    const Place place{.in = &step.place, .name = name};
    const Step inner{member.value(), place, step.depth + 1};
    if (rules.names != nullptr) check_name(*rules.names, name, inner, out);
    bool known = false;
    if (rules.properties != nullptr) {
      if (const bj::value* schema = rules.properties->get_object().if_contains(member.key())) {
        known = true;
        check(*schema, inner, out);
      }
    }
    if (rules.by_pattern != nullptr) {
      for (const auto& rule : rules.by_pattern->get_object()) {
        if (!matches({rule.key().data(), rule.key().size()}, name)) continue;
        known = true;
        check(rule.value(), inner, out);
      }
    }
    if (known || rules.additional == nullptr) return;
    const bool refused = rules.additional->is_bool() && !rules.additional->get_bool();
    if (!refused) return check(*rules.additional, inner, out);
    if (is_full(out)) return;
    std::vector<std::string> names;
    if (rules.properties != nullptr) {
      for (const auto& property : rules.properties->get_object())
        names.emplace_back(property.key());
    }
    add(out, inner, "unknown field \"" + std::string(name) + "\"" + did_you_mean(name, names),
        SchemaViolation::Of::key);
  }

  void check_name(const bj::value& schema, std::string_view name, const Step& member,
                  std::vector<SchemaViolation>& out) const {
    std::vector<SchemaViolation> found;
    const bj::value text(bj::string_view(name.data(), name.size()));
    check(schema, {text, member.place, member.depth}, found);
    for (SchemaViolation& violation : found) {
      violation.of = SchemaViolation::Of::key;
      violation.message = "the name " + violation.message;
      out.push_back(std::move(violation));
    }
  }

  void check_combinations(const Rules& rules, const Step& step,
                          std::vector<SchemaViolation>& out) const {
    const Step next{step.instance, step.place, step.depth + 1};
    if (rules[Keyword::reference] != nullptr) check(rules.target(), next, out);
    if (const bj::value* all = rules[Keyword::all_of]) {
      for (const bj::value& schema : all->get_array()) check(schema, next, out);
    }
    if (const bj::value* any = rules[Keyword::any_of]) check_any(any->get_array(), next, out);
    if (const bj::value* one = rules[Keyword::one_of]) check_one(one->get_array(), next, out);
    if (const bj::value* refused = rules[Keyword::negation]) {
      if (conforms(*refused, next)) add(out, step, shown(step.instance) + " is not allowed here");
    }
    if (const bj::value* condition = rules[Keyword::condition]) {
      const bj::value* chosen =
          rules[conforms(*condition, next) ? Keyword::then : Keyword::otherwise];
      if (chosen != nullptr) check(*chosen, next, out);
    }
  }

  void check_any(const bj::array& schemas, const Step& step,
                 std::vector<SchemaViolation>& out) const {
    std::vector<std::vector<SchemaViolation>> attempts;
    for (const bj::value& schema : schemas) {
      check(schema, step, attempts.emplace_back());
      if (attempts.back().empty()) return;
    }
    std::string choice = step.instance.is_object() ? misfit_of(schemas, 0) : "";
    if (choice.empty()) return add_nearest(std::move(attempts), step, out);
    add(out, step, std::move(choice));
  }

  void check_one(const bj::array& schemas, const Step& step,
                 std::vector<SchemaViolation>& out) const {
    // What fits is the rule, and then nobody reads what the other forms found.
    const auto conforming = static_cast<std::size_t>(std::ranges::count_if(
        schemas, [&](const bj::value& schema) { return conforms(schema, step); }));
    if (conforming == 1) return;
    if (unread_ > 0) return void(out.emplace_back());
    std::vector<std::vector<SchemaViolation>> attempts;
    for (const bj::value& schema : schemas) check(schema, step, attempts.emplace_back());
    std::string misfit = misfit_of(schemas, conforming);
    if (misfit.empty()) return add_nearest(std::move(attempts), step, out);
    add(out, step, std::move(misfit));
  }

  /// Of several forms, none of which fits: what the nearest one found, or all if none is nearer.
  static void add_nearest(std::vector<std::vector<SchemaViolation>> attempts, const Step& step,
                          std::vector<SchemaViolation>& out) {
    const std::size_t own_size = step.place.pointer().size();
    std::string together;
    for (std::vector<SchemaViolation>& attempt : attempts) {
      const bool inside =
          std::all_of(attempt.begin(), attempt.end(), [&](const SchemaViolation& v) {
            return v.pointer.size() > own_size || v.of == SchemaViolation::Of::key;
          });
      if (inside) {
        std::move(attempt.begin(), attempt.end(), std::back_inserter(out));
        return;
      }
      if (together.find(attempt[0].message) == std::string::npos) {
        together += (together.empty() ? "" : ", or ") + attempt[0].message;
      }
    }
    add(out, step, together);
  }

  bool conforms(const bj::value& schema, const Step& step) const {
    std::vector<SchemaViolation> found;
    ++unread_;
    check(schema, step, found);
    --unread_;
    return found.empty();
  }

  bool matches(std::string_view pattern, std::string_view text) const {
    return parts_.patterns.find(pattern)->second.matches(text);
  }

  const SchemaParts& parts_;
  const std::size_t steps_max_;
  mutable std::size_t steps_ = 0;
  mutable int unread_ = 0;  // more than 0: only whether anything is wrong matters
};

}  // namespace

void check_instance(const SchemaParts& parts, const bj::value& instance,
                    std::vector<SchemaViolation>& violations) {
  const std::size_t steps_max = kStepsMax + kStepsPerValue * count_values(instance);
  InstanceChecker(parts, steps_max).check(parts.root, {instance, Place{}, 0}, violations);
}

}  // namespace waybill
