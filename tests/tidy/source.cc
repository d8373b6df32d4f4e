#include "tests/tidy/source.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>
#include <set>
#include <utility>

namespace waybill::tidy {
namespace {

bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

/// Walks over C++ text and blanks out what is not code, so that rules can search plainly.
class Blanker {
 public:
  explicit Blanker(std::string_view text) : text_(text), out_(text) {}

  std::string run() {
    while (at_ < text_.size()) {
      if (starts("//")) {
        blank_until_end_of_line();
      } else if (starts("/*")) {
        blank_until("*/");
      } else if (is_raw_string()) {
        blank_raw_string();
      } else if (text_[at_] == '"' || is_character_literal()) {
        blank_literal(text_[at_]);
      } else {
        ++at_;
      }
    }
    return std::move(out_);
  }

 private:
  bool starts(std::string_view what) const { return text_.substr(at_).starts_with(what); }
  bool is_raw_string() const { return starts("R\"") && (at_ == 0 || !is_word(text_[at_ - 1])); }
  /// A quote between digits is a separator: 10'000.
  bool is_character_literal() const {
    return text_[at_] == '\'' && (at_ == 0 || !is_word(text_[at_ - 1]));
  }
  void blank(std::size_t end) {
    for (; at_ < std::min(end, text_.size()); ++at_)
      if (text_[at_] != '\n') out_[at_] = ' ';
  }
  void blank_until_end_of_line() { blank(std::min(text_.find('\n', at_), text_.size())); }
  void blank_until(std::string_view close) {
    const auto found = text_.find(close, at_ + 2);
    blank(found == text_.npos ? text_.size() : found + close.size());
  }
  void blank_raw_string() {
    const auto open = text_.find('(', at_);
    const std::string close = ")" + std::string(text_.substr(at_ + 2, open - at_ - 2)) + "\"";
    blank_until(close);
  }
  void blank_literal(char quote) {
    std::size_t end = at_ + 1;
    while (end < text_.size() && text_[end] != quote && text_[end] != '\n')
      end += text_[end] == '\\' ? 2 : 1;
    ++at_;
    blank(end);
    ++at_;
  }

  std::string_view text_;
  std::string out_;
  std::size_t at_ = 0;
};

/// #include "…" is code to us, not a literal.
void restore_includes(std::string_view text, std::string& code) {
  std::size_t begin = 0;
  for (const auto line : lines_of(text)) {
    if (line.starts_with("#include")) code.replace(begin, line.size(), line);
    begin += line.size() + 1;
  }
}

bool is_text(const std::filesystem::path& path) {
  static const std::set<std::string, std::less<>> extensions = {
      ".cc",   ".h",   ".c",  ".cmake", ".txt", ".json", ".md", ".py",  ".sh", ".sql",
      ".yaml", ".yml", ".ts", ".tsx",   ".css", ".html", ".js", ".mjs", ""};
  return extensions.contains(path.extension().string());
}

bool is_left_out(const std::filesystem::path& path) {
  static constexpr std::array<std::string_view, 5> kFolders = {"build", ".git", "node_modules",
                                                               "waybill-data", "drop"};
  return path.string().find("tests/fuzz/") != std::string::npos ||
         std::ranges::any_of(path, [](const auto& part) {
           return std::ranges::find(kFolders, part.string()) != kFolders.end();
         });
}

std::string read(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

}  // namespace

bool Source::is_test() const {
  return is_under("tests/") || is_under("src/testing/") || path.ends_with("_test.cc") ||
         path.ends_with("_fuzz.cc") || path.find("/test_support/") != path.npos;
}

Source make_source(std::string path, std::string text) {
  Source source{.path = std::move(path), .text = std::move(text), .code = {}};
  if (source.is_cpp()) {
    source.code = Blanker(source.text).run();
    restore_includes(source.text, source.code);
  }
  return source;
}

std::vector<Source> load_tree(const std::filesystem::path& top) {
  std::vector<Source> sources;
  for (auto entry = std::filesystem::recursive_directory_iterator(top);
       entry != std::filesystem::recursive_directory_iterator(); ++entry) {
    const auto path = entry->path().lexically_relative(top);
    if (is_left_out(path)) {
      entry.disable_recursion_pending();
    } else if (entry->is_regular_file() && is_text(path)) {
      sources.push_back(make_source(path.generic_string(), read(entry->path())));
    }
  }
  std::ranges::sort(sources, {}, &Source::path);
  return sources;
}

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    lines.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

std::size_t line_at(std::string_view text, std::size_t offset) {
  return 1 + static_cast<std::size_t>(std::ranges::count(text.substr(0, offset), '\n'));
}

}  // namespace waybill::tidy
