#include "kinds/archive/warc/journal.h"

#include <boost/json.hpp>
#include <utility>

#include "base/json.h"
#include "base/utf8.h"

namespace waybill {
namespace {

namespace bj = boost::json;

std::string journal_line(const bj::object& object) { return json::serialize(object) + "\n"; }

std::string said_in(const bj::object& object, const char* name) {
  const auto* value = object.if_contains(name);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

std::int64_t number_in(const bj::object& object, const char* name) {
  const auto* value = object.if_contains(name);
  return value != nullptr && value->is_int64() ? value->get_int64() : -1;
}

bool flag_in(const bj::object& object, const char* name) {
  const auto* value = object.if_contains(name);
  return value != nullptr && value->is_bool() && value->get_bool();
}

}  // namespace

std::string journal_file(const std::string& name, std::int64_t end) {
  return journal_line({{"is", "file"}, {"name", json::text(name)}, {"end", end}});
}

std::string journal_record(const CdxLine& line, std::int64_t end, bool is_truncated) {
  return journal_line({{"is", "record"},
                       {"cdx", json::text(cdxj_text(line))},
                       {"end", end},
                       {"truncated", is_truncated}});
}

std::string journal_page(const CapturedPage& page) {
  return journal_line({{"is", "page"},
                       {"url", json::text(page.url)},
                       {"ts", json::text(page.timestamp)},
                       {"title", json::text(page.title)}});
}

std::string journal_failure(const CaptureFailure& failure) {
  return journal_line({{"is", "failure"},
                       {"url", json::text(escape_utf8(failure.url))},
                       {"error", json::text(escape_utf8(failure.error))},
                       {"may_pass", failure.may_pass}});
}

std::string journal_done(std::size_t url) {
  return journal_line({{"is", "done"}, {"url", static_cast<std::int64_t>(url)}});
}

Status read_journal_line(std::string_view text, CaptureState& state) {
  const auto value = json::parse(text);
  if (!value || !value->is_object()) return fail(Code::data_loss, "a line of the journal is none");
  const bj::object& object = value->get_object();
  const std::string is = said_in(object, "is");
  if (is == "file") {
    state.files.push_back(said_in(object, "name"));
    state.ends[state.files.back()] = number_in(object, "end");
  } else if (is == "record") {
    auto line = parse_cdxj(said_in(object, "cdx"));
    if (!line || state.files.empty() || line->filename != state.files.back()) {
      return fail(Code::data_loss, "a record of the journal is none");
    }
    state.ends[line->filename] = number_in(object, "end");
    state.truncated += flag_in(object, "truncated") ? 1 : 0;
    state.revisits += line->mime == kRevisitMime ? 1 : 0;
    state.lines.push_back(std::move(*line));
  } else if (is == "page") {
    state.pages.push_back(
        {said_in(object, "url"), said_in(object, "ts"), said_in(object, "title")});
  } else if (is == "failure") {
    state.failures.push_back(
        {said_in(object, "url"), said_in(object, "error"), flag_in(object, "may_pass")});
  } else if (is == "done") {
    state.done.insert(static_cast<std::size_t>(number_in(object, "url")));
  } else {
    return fail(Code::data_loss, "the journal has a line \"" + escape_utf8(is) + "\"");
  }
  return {};
}

}  // namespace waybill
