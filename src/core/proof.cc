#include "core/proof.h"

#include <algorithm>
#include <boost/json.hpp>
#include <chrono>
#include <cmath>

#include "base/json.h"
#include "base/time.h"
#include "core/size.h"

namespace waybill {
namespace {

namespace bj = boost::json;

class Words {
 public:
  explicit Words(const bj::object& proof) : proof_(proof) {}

  std::string text() {
    const Time asked = time_of("requested_at");
    struct Step {
      std::string key;
      std::string words;
    };
    for (const Step& step : {Step{"signalled_at", "signalled (SIGTERM)"},
                             Step{"killed_at", "killed (SIGKILL)"}, Step{"reaped_at", "reaped"}}) {
      const Time at = time_of(step.key);
      if (at == Time{}) continue;
      add(step.words + " after " + format_duration(round_to_millis(at - asked)), ", ");
    }
    if (const auto* status = integer("exit_status")) add("exit status " + std::to_string(*status));
    if (const auto* signal = integer("signal")) add("signal " + std::to_string(*signal));
    if (const auto* left = integer("left_behind"); left != nullptr && *left > 0) {
      add(std::to_string(*left) + (*left == 1 ? " process" : " processes") +
          " that outlived it ended too");
    }
    const double cpu = seconds("user_seconds") + seconds("system_seconds");
    add("cpu time " +
        format_duration(round_to_millis(Duration(std::llround(std::min(cpu, 1e9) * 1e6)))));
    if (const auto* peak = integer("memory_peak_bytes"); peak != nullptr && *peak > 0) {
      add("memory " + format_size(*peak), ", ");
    }
    return text_;
  }

 private:
  void add(const std::string& part, std::string_view separator = "; ") {
    if (!text_.empty()) text_ += separator;
    text_ += part;
  }
  static Duration round_to_millis(Duration duration) {
    return std::chrono::round<std::chrono::milliseconds>(duration);
  }
  Time time_of(std::string_view name) const {
    const bj::value* value = proof_.if_contains(name);
    if (value == nullptr || !value->is_string()) return {};
    return parse_time(std::string_view(value->get_string())).value_or(Time{});
  }
  const std::int64_t* integer(std::string_view name) const {
    const bj::value* value = proof_.if_contains(name);
    return value == nullptr ? nullptr : value->if_int64();
  }
  double seconds(std::string_view name) const {
    const bj::value* value = proof_.if_contains(name);
    if (value == nullptr || !value->is_number()) return 0;
    return std::max(value->to_number<double>(), 0.0);
  }

  const bj::object& proof_;
  std::string text_;
};

}  // namespace

std::string proof_in_words(std::string_view proof) {
  const auto parsed = json::parse(proof);
  const bj::object* object = parsed ? parsed->if_object() : nullptr;
  if (object == nullptr || !object->contains("requested_at")) return std::string(proof);
  return Words(*object).text();
}

}  // namespace waybill
