// Any template (the first line) over any contexts (the rest): it is parsed or refused with a place
// in it; what was parsed has the same value each time, within what an evaluation may cost, and
// reads only what it says that it reads.
#include <algorithm>
#include <boost/json.hpp>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "base/json.h"
#include "core/pipeline/template.h"

namespace waybill::pipeline {
namespace {

constexpr std::size_t kSteps = 1 << 16;

/// Contexts of which the first is never whole.
class Contexts : public Names {
 public:
  Contexts(const boost::json::object& contexts, const Template& text)
      : contexts_(contexts), text_(text) {}

  const boost::json::value* find(std::string_view context) const override {
    check(context);
    const auto* found = contexts_.if_contains(json::text(context));
    return found != nullptr && found == &contexts_.begin()->value() ? nullptr : found;
  }
  const boost::json::value* find_member(std::string_view context,
                                        std::string_view member) const override {
    check(context);
    const auto* found = contexts_.if_contains(json::text(context));
    if (found == nullptr || !found->is_object()) return nullptr;
    return found->get_object().if_contains(json::text(member));
  }
  bool status(StatusFunction function) const override {
    WAYBILL_CHECK(text_.asks_status(), "a status that nobody said would be asked for");
    return function != StatusFunction::failure;
  }

 private:
  void check(std::string_view context) const {
    const auto& reads = text_.reads();
    WAYBILL_CHECK(std::any_of(reads.begin(), reads.end(),
                              [&](const auto& read) { return read.context == context; }),
                  "a context that is read and not told of");
  }

  const boost::json::object& contexts_;
  const Template& text_;
};

}  // namespace
}  // namespace waybill::pipeline

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace waybill;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::size_t line = std::min(input.find('\n'), size);
  const std::string_view text = input.substr(0, line);
  const auto parsing = pipeline::Template::parse(text);
  if (!parsing.result) {
    WAYBILL_CHECK(parsing.error.offset <= text.size(), "a mistake beyond the text");
    WAYBILL_CHECK(!parsing.error.message.empty(), "a mistake without a word");
    WAYBILL_CHECK(!pipeline::with_caret(text, parsing.error).empty(), "no caret");
    return 0;
  }
  auto contexts = json::parse(input.substr(std::min(line + 1, size)));
  if (!contexts || !contexts->is_object()) contexts = boost::json::object();
  const pipeline::Contexts names(contexts->get_object(), *parsing.result);
  pipeline::EvaluationBudget first(pipeline::kSteps);
  pipeline::EvaluationBudget second(pipeline::kSteps);
  const auto once = parsing.result->evaluate(names, first);
  const auto again = parsing.result->evaluate(names, second);
  WAYBILL_CHECK(once.has_value() == again.has_value(), "an evaluation that ends in two ways");
  if (!once) return 0;
  WAYBILL_CHECK(json::serialize(*once) == json::serialize(*again), "two values of one text");
  WAYBILL_CHECK(pipeline::value_text(*once).size() <= 8 * pipeline::kSteps, "a value too long");
  return 0;
}
