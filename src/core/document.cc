#include "core/document.h"

namespace waybill {
namespace {

Position nearest(const std::map<std::string, Position>& places, std::string_view pointer) {
  while (true) {
    if (const auto found = places.find(std::string(pointer)); found != places.end()) {
      return found->second;
    }
    if (pointer.empty()) return {};
    pointer = pointer.substr(0, pointer.rfind('/'));
  }
}

}  // namespace

std::string to_string(const Problem& problem) {
  std::string text = problem.file;
  if (problem.at.line > 0) {
    text += ':' + std::to_string(problem.at.line) + ':' + std::to_string(problem.at.column);
  }
  return text + ": " + problem.message;
}

Position Document::value_at(std::string_view pointer) const { return nearest(values, pointer); }

Position Document::key_at(std::string_view pointer) const {
  const auto found = keys.find(std::string(pointer));
  return found == keys.end() ? value_at(pointer) : found->second;
}

std::string child_pointer(std::string_view pointer, std::string_view token) {
  std::string result(pointer);
  result += '/';
  for (const char c : token) {
    if (c == '~') {
      result += "~0";
    } else if (c == '/') {
      result += "~1";
    } else {
      result += c;
    }
  }
  return result;
}

}  // namespace waybill
