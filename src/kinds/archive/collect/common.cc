#include "kinds/archive/collect/common.h"

#include <algorithm>
#include <boost/json.hpp>

#include "base/json.h"
#include "base/utf8.h"
#include "kinds/archive/outcomes.h"

namespace waybill {
namespace {

namespace bj = boost::json;

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

std::string from_latin1(std::string_view bytes) {
  std::string text;
  text.reserve(bytes.size() + bytes.size() / 8);
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80) {
      text += c;
    } else {
      text += static_cast<char>(0xC0 | byte >> 6);
      text += static_cast<char>(0x80 | (byte & 0x3F));
    }
  }
  return text;
}

}  // namespace

void StepTeller::at(int step, double percent, std::string_view status) {
  step_ = step;
  status_ = status;
  say(percent, {});
}

void StepTeller::items(std::string_view status, std::int64_t done, std::int64_t total,
                       std::int64_t failed) {
  status_ = status;
  const double percent =
      total > 0 ? std::min(1.0, static_cast<double>(done) / static_cast<double>(total)) : 0.0;
  say(percent, {{"done_items", done}, {"of_items", total}, {"failed_items", failed}});
}

void StepTeller::bytes(std::string_view status, std::int64_t done, std::int64_t total) {
  constexpr std::int64_t kTellEveryBytes = std::int64_t{4} << 20;
  if (done != total && done < told_bytes_ + kTellEveryBytes) return;
  told_bytes_ = done;
  status_ = status;
  bj::object more{{"done_bytes", done}};
  if (total >= 0) more["of_bytes"] = total;
  say(total > 0 ? static_cast<double>(done) / static_cast<double>(total) : 0.0, more);
}

void StepTeller::done(std::string_view status) {
  status_ = status;
  say(1.0, {{"done", true}});
}

void StepTeller::say(double percent, const bj::object& more) {
  bj::object progress{{"percent", percent},
                      {"step", step_},
                      {"steps", steps_},
                      {"status", json::text(escape_utf8(status_))}};
  for (const auto& field : more) progress.insert_or_assign(field.key(), field.value());
  context_.progress(json::serialize(progress));
}

Result<std::string> text_of_document(std::string bytes, std::string_view what) {
  if (bytes.starts_with("\xFF\xFE") || bytes.starts_with("\xFE\xFF")) {
    return fail(Code::failed_precondition, std::string(what) + " is in UTF-16, not in UTF-8");
  }
  if (bytes.starts_with(kByteOrderMark)) bytes.erase(0, kByteOrderMark.size());
  return is_utf8(bytes) ? std::move(bytes) : from_latin1(bytes);
}

std::string text_in(const bj::object& object, std::string_view name) {
  const auto* value = object.if_contains(bj::string_view(name.data(), name.size()));
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

Outcome outcome_of(const Error& error, std::string_view context) {
  return outcome_of(with_context(error, context));
}

}  // namespace waybill
