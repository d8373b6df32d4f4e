#include "kinds/archive/ipfs/warc_notes.h"

#include <boost/json.hpp>
#include <optional>
#include <utility>

#include "base/json.h"
#include "core/size.h"
#include "kinds/archive/file_text.h"

namespace waybill {
namespace {

namespace bj = boost::json;

constexpr std::size_t kErrorsShown = 20;

std::string note_line(const WarcNote& note) {
  return json::serialize(bj::object{{"number", note.number},
                                    {"line", json::text(note.line)},
                                    {"digest", json::text(note.digest)},
                                    {"cid", json::text(note.cid)},
                                    {"error", json::text(note.error)}}) +
         "\n";
}

std::optional<WarcNote> parse_note(std::string_view line) {
  const auto value = json::parse(line);
  if (!value || !value->is_object()) return std::nullopt;
  const bj::object& object = value->get_object();
  const auto* number = object.if_contains("number");
  if (number == nullptr || !number->is_int64()) return std::nullopt;
  WarcNote note{.number = number->get_int64()};
  for (const auto& [name, into] : {std::pair{"line", &note.line}, std::pair{"digest", &note.digest},
                                   std::pair{"cid", &note.cid}, std::pair{"error", &note.error}}) {
    const auto* text = object.if_contains(name);
    if (text == nullptr || !text->is_string()) return std::nullopt;
    *into = text->get_string();
  }
  return note;
}

}  // namespace

Result<WarcNotes> WarcNotes::open(PartialFile& partial, const std::string& source,
                                  std::int64_t bytes_max) {
  const auto anew = [&]() -> Result<WarcNotes> {
    if (Status emptied = partial.restart({.url = source}); !emptied) return fail(emptied.error());
    return WarcNotes(partial, bytes_max);
  };
  if (partial.size_bytes() == 0 || partial.size_bytes() > bytes_max ||
      partial.source().url != source) {
    return anew();
  }
  const auto file = partial.reader();
  if (!file) return fail(file.error());
  const auto text = text_of_open_file(*file, static_cast<std::size_t>(partial.size_bytes()),
                                      "the notes of an earlier attempt");
  if (!text) return fail(text.error());
  WarcNotes notes(partial, bytes_max);
  for (std::string_view rest = *text; !rest.empty();) {
    const auto end = rest.find('\n');
    auto note = end == rest.npos ? std::nullopt : parse_note(rest.substr(0, end));
    if (!note) return anew();
    notes.take(std::move(*note));
    rest.remove_prefix(end + 1);
  }
  return notes;
}

Status WarcNotes::add(WarcNote note) {
  const std::string line = note_line(note);
  if (partial_.size_bytes() + static_cast<std::int64_t>(line.size()) > bytes_max_) {
    return fail(Code::out_of_range,
                "after " + std::to_string(note.number) + " records its index has more than " +
                    format_size(bytes_max_) + ": split the file, a task takes no more");
  }
  if (Status kept = partial_.append(line); !kept) return kept;
  take(std::move(note));
  return {};
}

void WarcNotes::take(WarcNote note) {
  last_ = note.number;
  if (!note.error.empty()) {
    ++failed_;
    if (errors_.size() < kErrorsShown) errors_.push_back(std::move(note.error));
    return;
  }
  ++archived_;
  if (!note.digest.empty() && !note.cid.empty()) {
    cids_.emplace(std::move(note.digest), std::move(note.cid));
  }
  if (!note.line.empty()) lines_.push_back(std::move(note.line));
}

std::string WarcNotes::cid_of(const std::string& digest) const {
  const auto found = cids_.find(digest);
  return digest.empty() || found == cids_.end() ? std::string() : found->second;
}

}  // namespace waybill
