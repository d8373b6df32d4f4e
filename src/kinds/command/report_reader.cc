#include "kinds/command/report_reader.h"

#include <boost/json.hpp>

#include "base/json.h"
#include "core/artifact.h"
#include "core/task.h"

namespace waybill {
namespace bj = boost::json;
namespace {

// One line, and all outputs together: what a ledger takes as params of the next task.
constexpr std::size_t kBytesMax = kParamsBytesMax;
// A program that takes the descriptor for its output must not fill the disk with our complaints.
constexpr std::size_t kComplaintsMax = 20;
constexpr std::size_t kKeyShownMax = 100;
constexpr std::size_t kPathBytesMax = 4096;

}  // namespace

void ReportReader::add(std::string_view bytes) {
  while (!bytes.empty()) {
    const std::size_t end = bytes.find('\n');
    const std::string_view part = bytes.substr(0, end);
    if (!skipping_) pending_ += part;
    if (!skipping_ && pending_.size() > kBytesMax) {
      complain("is longer than 1 MiB");
      pending_.clear();
      skipping_ = true;
    }
    if (end == bytes.npos) return;
    if (!skipping_) read_line(pending_);
    pending_.clear();
    skipping_ = false;
    ++lines_;
    bytes.remove_prefix(end + 1);
  }
}

void ReportReader::finish() {
  if (!pending_.empty()) read_line(pending_);
  pending_.clear();
}

void ReportReader::read_line(std::string_view line) {
  if (line.empty()) return;
  const auto value = json::parse(line);
  if (!value) return complain(value.error().message);
  const bj::object* report = value->if_object();
  if (report == nullptr) return complain("is not a JSON object");
  for (const auto& member : *report) {
    const std::string_view key(member.key().data(), member.key().size());
    const bj::object* object = member.value().if_object();
    if (object == nullptr) {
      complain("\"" + std::string(key.substr(0, kKeyShownMax)) + "\" is not a JSON object");
    } else if (key == "progress") {
      context_.progress(json::serialize(*object));
    } else if (key == "checkpoint") {
      context_.checkpoint(json::serialize(*object));
    } else if (key == "output") {
      merge(*object);
    } else if (key == "artifact") {
      take_artifact(*object);
    } else {
      complain("has \"" + std::string(key.substr(0, kKeyShownMax)) +
               "\", but only progress, checkpoint, output and artifact are known");
    }
  }
}

void ReportReader::merge(const bj::object& output) {
  for (const auto& member : output) {
    std::string key(member.key());
    std::string text = json::serialize(member.value());
    const auto old = outputs_.find(key);
    const std::size_t freed = old == outputs_.end() ? 0 : old->first.size() + old->second.size();
    const std::size_t added = key.size() + text.size();
    if (output_bytes_ - freed + added > kBytesMax) {
      complain("makes the output larger than 1 MiB; keep big data in a file");
      continue;
    }
    output_bytes_ += added - freed;
    outputs_.insert_or_assign(std::move(key), std::move(text));
  }
}

void ReportReader::take_artifact(const bj::object& artifact) {
  ReportedArtifact reported;
  for (const auto& member : artifact) {
    const std::string_view key(member.key().data(), member.key().size());
    std::string* const field = key == "path"         ? &reported.path
                               : key == "name"       ? &reported.name
                               : key == "media_type" ? &reported.media_type
                                                     : nullptr;
    const bj::string* text = member.value().if_string();
    if (field == nullptr || text == nullptr || text->size() > kPathBytesMax) {
      return complain("has an artifact that is not {\"path\": …, \"name\": …, \"media_type\": …}");
    }
    field->assign(text->data(), text->size());
  }
  if (reported.path.empty()) return complain("has an artifact without a path");
  if (artifacts_.size() == kArtifactsMax) return complain("has one artifact too many");
  artifacts_.push_back(std::move(reported));
}

std::string ReportReader::result() const {
  if (outputs_.empty()) return {};
  std::string text;
  for (const auto& [key, value] : outputs_) {
    text += text.empty() ? '{' : ',';
    json::append_quoted(text, key);
    text += ':';
    text += value;
  }
  return text + '}';
}

void ReportReader::complain(std::string_view what) {
  if (complaints_ == kComplaintsMax) return;
  const bool last = ++complaints_ == kComplaintsMax;
  context_.log(LogStream::system, "[report line " + std::to_string(lines_ + 1) + " " +
                                      std::string(what) +
                                      (last ? "; no more of this is told]\n" : "]\n"));
}

}  // namespace waybill
