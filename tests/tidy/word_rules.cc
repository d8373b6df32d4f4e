#include <algorithm>
#include <regex>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/tidy/rules.h"

namespace waybill::tidy {
namespace {

/// Which text of a file a rule looks at.
enum class Look {
  code,
  product,  ///< code that is no test
  text,
  sql,  ///< what is before a comment, of each line
};

struct WordRule {
  std::string name;
  Look look = Look::code;
  std::regex pattern;
  std::vector<std::string_view> folders;  ///< where the rule holds; empty: everywhere
  std::vector<std::string_view> except;   ///< files and folders where it does not
  std::string message;
};

std::regex regex(const std::string& pattern) {
  return std::regex(pattern, std::regex::ECMAScript | std::regex::optimize);
}

using Rules = std::vector<WordRule>;

Rules concurrency_rules() {
  return {
      {"bare-mutex",
       Look::code,
       regex("std::(shared_|recursive_|timed_)*mutex\\b|std::condition_variable|"
             "std::(lock_guard|unique_lock|scoped_lock|shared_lock)\\b"),
       {},
       {"src/base/mutex.h"},
       "clang cannot check it: use Mutex, Lock, Condition of base/mutex.h"},
      {"detach",
       Look::code,
       regex("\\.detach\\s*\\(\\s*\\)"),
       {},
       {},
       "no detached thread: std::jthread, joined"},
      {"coroutine",
       Look::code,
       regex("\\bco_(await|return|yield)\\b"),
       {},
       {},
       "no coroutines: g++ 12 destroys their temporaries twice"},
      {"fork",
       Look::product,
       regex("(^|[=!(;{}]|::|\\breturn\\b)\\s*v?fork\\s*\\(\\s*\\)"),
       {"src/", "apps/"},
       {},
       "fork copies the page tables of the whole process: posix_spawn or clone3"},
  };
}

Rules time_and_chance_rules() {
  return {
      {"bare-clock",
       Look::product,
       regex("(system_clock|steady_clock|high_resolution_clock)::now|"
             "\\b(clock_gettime|gettimeofday)\\s*\\(|[^\\w.>]time\\s*\\(\\s*(nullptr|NULL|0|&)"),
       {"src/"},
       {"src/adapters/local/", "src/base/log.cc"},
       "time comes from Clock"},
      {"sleep",
       Look::code,
       regex("\\b(sleep_for|sleep_until|usleep|nanosleep)\\s*\\(|[^\\w.>]sleep\\s*\\("),
       {},
       {"src/adapters/local/"},
       "waiting goes through Clock, or a condition that is notified"},
      {"bare-random",
       Look::product,
       regex("random_device|\\bmt19937|\\b(s?rand|getrandom|arc4random)\\s*\\("),
       {"src/", "apps/"},
       {"src/adapters/local/", "src/base/rng.cc"},
       "chance comes from Rng"},
  };
}

Rules language_rules() {
  return {
      {"owning-new",
       Look::code,
       regex("\\bnew\\s+[A-Za-z_(]|\\bdelete\\s*(\\[\\s*\\])?\\s*[A-Za-z_*(]"),
       {},
       {},
       "no new or delete: a value, std::make_unique, or straight into a unique_ptr"},
      {"throw",
       Look::product,
       regex("\\bthrow\\b"),
       {"src/", "apps/"},
       {},
       "we throw nothing: return a Result"},
      {"using-namespace",
       Look::product,
       regex("\\busing\\s+namespace\\s+(?!std::(chrono\\b|([a-z_]+_)?literals))"),
       {"src/", "apps/"},
       {},
       "name what is used"},
      {"range-views",
       Look::code,
       regex("std::(ranges::)?views::|std::ranges::(subrange|unique|remove|remove_if|rotate|"
             "partition|stable_partition|equal_range|search)\\b"),
       {},
       {},
       "clang 14 cannot compile libstdc++'s views and subranges: use iterators"},
      {"disabled-test", Look::code, regex("\\bDISABLED_"), {}, {}, "a test runs, or it goes"},
  };
}

/// Patterns that would find themselves are put together from parts.
Rules text_rules() {
  const std::string slash = "/";
  const std::string machine =
      "(^|[^\\w.~])" + slash + "(work|root|home)" + slash + "|\\.\\." + slash + "shared";
  const std::string hosts = slash + slash +
                            "[a-z.-]*(deb"
                            "ian|npm"
                            "js|py"
                            "pi)\\.(org|com)";
  const std::string promises =
      "\\b(TO"
      "DO|FIX"
      "ME|X"
      "XX)\\b";
  return {
      {"to-do", Look::text, regex(promises), {}, {}, "do it now, or open an issue"},
      {"machine-path",
       Look::text,
       regex(machine),
       {},
       {},
       "a path of one machine has no place here"},
      {"package-host",
       Look::text,
       regex(hosts),
       {},
       {},
       "the machine knows where its packages are"},
  };
}

/// What PostgreSQL learned after version 13, by its release notes: there is no server of that
/// version to prepare the statements on everywhere. 0008 tries compression, and does without.
Rules sql_rules() {
  const std::string of_14 =
      "SET COMPRESSION|\\bSTORAGE\\s+COMPRESSION|DETACH PARTITION \\S+ CONCURRENTLY|FINALIZE|"
      "CREATE OR REPLACE TRIGGER|BEGIN ATOMIC|GROUP BY DISTINCT|SEARCH (DEPTH|BREADTH) FIRST|"
      "multirange|\\b(date_bin|string_to_table|bit_count|trim_array|unistr)|"
      "idle_session_timeout|client_connection_check_interval|enable_memoize";
  const std::string of_15 =
      "|\\bMERGE INTO\\b|NULLS NOT DISTINCT|regexp_(count|instr|like|substr)\\b|security_invoker|"
      "pg_settings_get_flags";
  const std::string of_16 =
      "|\\bany_value\\b|random_normal|array_(shuffle|sample)|pg_input_|\\bIS (NOT )?JSON\\b|"
      "\\bJSON_(ARRAY|OBJECT)(AGG)?\\s*\\(|\\b\\d+_\\d{3}\\b|enable_presorted_aggregate";
  const std::string later =
      "|JSON_(TABLE|EXISTS|QUERY|VALUE|SCALAR|SERIALIZE)\\b|merge_action|transaction_timeout|"
      "\\bto_(bin|oct)\\b|uuid_extract|uuidv[47]|RETURNING (WITH|OLD|NEW)\\b|WITHOUT OVERLAPS";
  return {{"postgres-13",
           Look::sql,
           std::regex(of_14 + of_15 + of_16 + later,
                      std::regex::ECMAScript | std::regex::optimize | std::regex::icase),
           {"migrations/postgres/", "src/adapters/postgres/sql/"},
           {"migrations/postgres/0008_log_chunks.sql"},
           "PostgreSQL 13 does not know this"}};
}

Rules all_rules() {
  Rules all;
  for (auto part :
       {concurrency_rules, time_and_chance_rules, language_rules, text_rules, sql_rules})
    for (auto& rule : part()) all.push_back(std::move(rule));
  return all;
}

/// A create() whose constructor is private hands what it makes straight to its owner: that `new` is
/// let pass.
std::string without_factories(std::string code) {
  static const std::regex factory = regex("unique_ptr<[\\w:]+>(\\s+\\w+)?\\(\\s*new\\b");
  std::smatch match;
  for (auto begin = code.cbegin(); std::regex_search(begin, code.cend(), match, factory);
       begin = match[0].second) {
    std::fill_n(code.begin() + (match[0].second - code.cbegin()) - 3, 3, ' ');
  }
  return code;
}

bool holds(const WordRule& rule, const Source& source) {
  const auto here = [&](auto folder) { return source.is_under(folder); };
  if (std::ranges::any_of(rule.except, here)) return false;
  const bool of_any_file = rule.look == Look::text || rule.look == Look::sql;
  if (!of_any_file && !source.is_cpp()) return false;
  if (rule.look == Look::product && source.is_test()) return false;
  return rule.folders.empty() || std::ranges::any_of(rule.folders, here);
}

}  // namespace

void check_words(const Source& source, Findings& findings) {
  static const Rules rules = all_rules();
  const std::string code = without_factories(source.code);
  for (const auto& rule : rules) {
    if (!holds(rule, source)) continue;
    std::size_t number = 0;
    const bool whole = rule.look == Look::text || rule.look == Look::sql;
    for (auto line : lines_of(whole ? source.text : code)) {
      ++number;
      if (rule.look == Look::sql) line = line.substr(0, line.find("--"));
      if (std::regex_search(line.begin(), line.end(), rule.pattern))
        findings.push_back({rule.name, source.path, number, 1, rule.message});
    }
  }
}

void check_references(const Source& source, const std::set<std::string>& paths,
                      Findings& findings) {
  static const std::regex reference = regex("\\b(docs|schemas)/[\\w./-]+\\.(md|json)\\b");
  std::size_t number = 0;
  for (const auto line : lines_of(source.text)) {
    ++number;
    if (line.find("docs/") == line.npos && line.find("schemas/") == line.npos) continue;
    std::cmatch match;
    if (std::regex_search(line.begin(), line.end(), match, reference) &&
        !paths.contains(match.str()))
      findings.push_back(
          {"dead-reference", source.path, number, 1, match.str() + ": there is no such file"});
  }
}

Findings check_all(const std::vector<Source>& sources) {
  Findings findings;
  std::set<std::string> paths;
  for (const auto& source : sources) paths.insert(source.path);
  for (const auto& source : sources) {
    check_includes(source, findings);
    check_sizes(source, findings);
    check_words(source, findings);
    check_references(source, paths, findings);
  }
  return findings;
}

std::string to_string(const Finding& finding) {
  return finding.path + ":" + std::to_string(finding.line) + ": " + finding.rule + ": " +
         finding.message;
}

}  // namespace waybill::tidy
