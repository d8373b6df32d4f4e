#include "kinds/archive/identify/identify.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <cerrno>
#include <utility>
#include <vector>

#include "base/digest.h"
#include "base/json.h"
#include "base/utf8.h"
#include "core/artifact.h"
#include "core/definition_fields.h"
#include "core/fetch/digest_fields.h"
#include "kinds/archive/collect/common.h"
#include "kinds/archive/fetch/partial_file.h"
#include "kinds/archive/fields.h"
#include "kinds/archive/file_text.h"
#include "kinds/archive/identify/file_types.h"
#include "kinds/archive/identify/table.h"
#include "kinds/archive/outcomes.h"

namespace waybill {
namespace {

namespace bj = boost::json;

constexpr std::size_t kFilesMax = 100'000;
constexpr std::size_t kListBytesMax = std::size_t{64} << 20;
constexpr std::size_t kTypesShown = 100;
constexpr Duration kTableSyncEvery = std::chrono::seconds(2);

struct NamedContent {
  std::string name;
  std::string sha256;
};
struct IdentifyOrder {
  std::vector<NamedContent> files;
  std::string list;  ///< SHA-256; empty: none
  std::string name;
  bool as_csv = false;

  bool is_said() const { return !files.empty() || !list.empty(); }
};

Result<NamedContent> named_content(const bj::value& value, const std::string& pointer) {
  if (!value.is_object()) {
    return fail(Code::invalid_argument, pointer + ": is no object with name and sha256");
  }
  NamedContent file{.name = text_in(value.get_object(), "name"), .sha256 = {}};
  if (Status fits = check_artifact_name(file.name); !fits) {
    return fail(of_field(pointer + "/name", fits.error()));
  }
  auto digest = read_sha256(text_in(value.get_object(), "sha256"));
  if (!digest) return fail(of_field(pointer + "/sha256", digest.error()));
  file.sha256 = std::move(*digest);
  return file;
}

Result<IdentifyOrder> read_identify_order(const TaskRequest& request) {
  static const JsonSchema kSchema = embedded_schema(identify_spec_schema());
  const auto object = archive_fields(request, kSchema, identify_spec_schema());
  if (!object) return fail(object.error());
  const Fields fields(*object);
  IdentifyOrder order{.files = {},
                      .list = {},
                      .name = fields.text("name", "types"),
                      .as_csv = fields.text("format") == "csv"};
  if (Status fits = check_artifact_name(order.name); !fits) {
    return fail(of_field("/name", fits.error()));
  }
  if (const auto* files = fields.find("files")) {
    for (std::size_t i = 0; i < files->get_array().size(); ++i) {
      auto file = named_content(files->get_array()[i], "/files/" + std::to_string(i));
      if (!file) return fail(file.error());
      order.files.push_back(std::move(*file));
    }
  }
  if (fields.has("list")) {
    auto digest = read_sha256(fields.text("list"));
    if (!digest) return fail(of_field("/list", digest.error()));
    order.list = std::move(*digest);
  }
  const bool is_said = fields.has("files") || fields.has("list");
  if (is_said || has_no_params(request)) return order;
  return fail(Code::invalid_argument, "/files: which artifacts is not said; nor is a list");
}

/// The artifact as a file of the scratch directory, which is removed in the end.
class Brought {
 public:
  static Result<Brought> fetch(const std::string& sha256, TaskContext& context) {
    auto path = context.artifacts().fetch(sha256, "looked-at");
    if (!path) return fail(path.error());
    Brought brought(std::move(*path));
    auto file = open_to_read(brought.path_);
    if (!file) return fail(file.error());
    brought.file_ = std::move(*file);
    return brought;
  }
  Brought(Brought&& other) noexcept
      : path_(std::exchange(other.path_, {})), file_(std::move(other.file_)) {}
  Brought& operator=(Brought&&) = delete;
  ~Brought() {
    if (!path_.empty()) ::unlink(path_.c_str());
  }
  const FileDescriptor& file() const { return file_; }

 private:
  explicit Brought(std::string path) : path_(std::move(path)) {}

  std::string path_;
  FileDescriptor file_;
};

/// Adds what the artifact with a list names.
Status read_list(IdentifyOrder& order, TaskContext& context) {
  if (order.list.empty()) return {};
  const auto brought = Brought::fetch(order.list, context);
  if (!brought) return fail(with_context(brought.error(), "the list"));
  const auto text = text_of_open_file(brought->file(), kListBytesMax, "the list");
  if (!text) return fail(text.error());
  std::string_view rest = *text;
  for (std::size_t number = 1; !rest.empty(); ++number) {
    const auto end = std::min(rest.find('\n'), rest.size());
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (line.find_first_not_of(" \t\r") == line.npos) continue;
    const std::string where = "the list, line " + std::to_string(number);
    const auto value = json::parse(line);
    if (!value) return fail(with_context(value.error(), where));
    auto file = named_content(*value, where);
    if (!file) return fail(file.error());
    order.files.push_back(std::move(*file));
    if (order.files.size() > kFilesMax) {
      return fail(Code::out_of_range, "the list names more than 100,000 files");
    }
  }
  return {};
}

std::string fingerprint(const IdentifyOrder& order) {
  Sha256 digest;
  for (const NamedContent& file : order.files) digest.add(file.sha256 + " " + file.name + "\n");
  return "types of " + to_hex(digest.finish());
}

/// Of one file. What is not there is no failure of the others. Errors: those of all.
Result<TypeRow> look_at(const NamedContent& file, FileTypes& types, TaskContext& context) {
  TypeRow row{.path = file.name, .sha256 = file.sha256, .type = {}, .error = {}};
  const auto brought = Brought::fetch(file.sha256, context);
  if (!brought) {
    const Code code = brought.error().code;
    if (code != Code::not_found && code != Code::data_loss) return fail(brought.error());
    row.error = escape_utf8(brought.error().message);
    return row;
  }
  struct stat status {};
  if (::fstat(brought->file().get(), &status) != 0) {
    return fail(system_error(errno, "looking at " + file.name));
  }
  row.size_bytes = status.st_size;
  auto type = types.of(brought->file());
  if (type) {
    row.type = std::move(*type);
  } else {
    row.error = escape_utf8(type.error().message);
  }
  return row;
}

/// What an earlier attempt has found out: the rows that are in the file.
Result<TypeTally> known_rows(PartialFile& partial, const IdentifyOrder& order) {
  TypeTally tally;
  const std::string source = fingerprint(order);
  const auto begin_anew = [&]() -> Result<TypeTally> {
    if (Status emptied = partial.restart({.url = source}); !emptied) return fail(emptied.error());
    return TypeTally();
  };
  if (partial.size_bytes() == 0 || partial.source().url != source) return begin_anew();
  const auto file = partial.reader();
  if (!file) return fail(file.error());
  const auto text = text_of_open_file(*file, static_cast<std::size_t>(partial.size_bytes()),
                                      "the table that was begun");
  if (!text) return fail(text.error());
  std::string_view rest = *text;
  while (!rest.empty()) {
    const auto end = rest.find('\n');
    const auto row = end == rest.npos ? std::nullopt : parse_json_line(rest.substr(0, end));
    const auto at = static_cast<std::size_t>(tally.files);
    if (!row || at >= order.files.size() || row->path != order.files[at].name) return begin_anew();
    tally.count(*row);
    rest.remove_prefix(end + 1);
  }
  return tally;
}

Result<TypeTally> identify_all(const IdentifyOrder& order, PartialFile& partial, ArchiveDesk& desk,
                               TaskContext& context, StepTeller& steps) {
  auto types = FileTypes::open();
  if (!types) return fail(types.error());
  auto tally = known_rows(partial, order);
  if (!tally) return tally;
  const auto total = static_cast<std::int64_t>(order.files.size());
  if (tally->files > 0) {
    context.log(LogStream::system, "[going on after " + std::to_string(tally->files) + " files]\n");
  }
  SteadyTime synced_at = desk.clock.steady_now();
  while (tally->files < total) {
    if (context.stop().stop_requested()) return fail(Code::cancelled, "asked to stop");
    const SteadyTime now = desk.clock.steady_now();
    if (now >= context.deadline()) {
      return fail(Code::deadline_exceeded, "the time is over after " +
                                               std::to_string(tally->files) + " of " +
                                               std::to_string(total) + " files");
    }
    const auto row = look_at(order.files[static_cast<std::size_t>(tally->files)], *types, context);
    if (!row) return fail(row.error());
    if (Status kept = partial.append(json_line(*row)); !kept) return fail(kept.error());
    tally->count(*row);
    if (!row->error.empty()) {
      context.log(LogStream::system, "[" + row->path + ": " + row->error + "]\n");
    }
    if (now >= synced_at + kTableSyncEvery) {
      if (Status synced = partial.sync(); !synced) return fail(synced.error());
      synced_at = now;
    }
    steps.items("identifying file " + std::to_string(tally->files) + "/" + std::to_string(total),
                tally->files, total, tally->failed);
  }
  return tally;
}

/// The same rows as CSV, in a file of the scratch directory.
Result<std::string> write_csv(const PartialFile& partial, const TaskContext& context) {
  const auto file = partial.reader();
  if (!file) return fail(file.error());
  const auto text =
      text_of_open_file(*file, static_cast<std::size_t>(partial.size_bytes()), "the table");
  if (!text) return fail(text.error());
  std::string table = csv_head();
  std::string_view rest = *text;
  while (!rest.empty()) {
    const auto end = std::min(rest.find('\n'), rest.size());
    if (const auto row = parse_json_line(rest.substr(0, end))) table += csv_line(*row);
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  std::string path = context.scratch_directory() + "/table.csv";
  if (Status written = write_new_file(path, table); !written) return fail(written.error());
  return path;
}

std::string tally_json(const TypeTally& tally, const std::string& table) {
  std::vector<std::pair<std::string, std::int64_t>> by_count(tally.types.begin(),
                                                             tally.types.end());
  std::ranges::stable_sort(by_count, std::greater(), &std::pair<std::string, std::int64_t>::second);
  bj::object types;
  std::int64_t others = 0;
  for (std::size_t i = 0; i < by_count.size(); ++i) {
    if (i < kTypesShown) {
      types[json::text(by_count[i].first)] = by_count[i].second;
    } else {
      others += by_count[i].second;
    }
  }
  return json::serialize(bj::object{{"table", json::text(table)},
                                    {"files", tally.files},
                                    {"failed", tally.failed},
                                    {"size_bytes", tally.size_bytes},
                                    {"types", std::move(types)},
                                    {"other_types", others}});
}

}  // namespace

Status IdentifyKind::check(const TaskRequest& request) const {
  const auto order = read_identify_order(request);
  return order ? Status() : Status(fail(order.error()));
}

Outcome IdentifyKind::run(const Task& task, TaskContext& context) {
  auto order = read_identify_order(task.request);
  if (!order) return outcome_of(order.error());
  if (desk_ == nullptr)
    return outcome_of({Code::failed_precondition, "nothing is identified here"});
  StepTeller steps(context, 3);
  steps.at(1, 0.0, "loading list");
  if (Status read = read_list(*order, context); !read) return outcome_of(read.error());
  const std::string& directory = desk_->downloads.directory;
  sweep_partial_files(
      directory,
      std::chrono::floor<std::chrono::seconds>(desk_->clock.now()).time_since_epoch().count());
  auto partial = PartialFile::open(directory, to_string(task.id()) + "-types");
  if (!partial) return outcome_of(partial.error());
  steps.at(2, 0.0, "identifying file 0/" + std::to_string(order->files.size()));
  const auto tally = identify_all(*order, *partial, *desk_, context, steps);
  if (!tally) return outcome_of(tally.error());
  steps.at(3, 1.0, "writing table");
  std::string csv;
  if (order->as_csv) {
    auto path = write_csv(*partial, context);
    if (!path) return outcome_of(path.error());
    csv = std::move(*path);
  }
  const std::string name = order->name + (order->as_csv ? ".csv" : ".jsonl");
  const std::array files = {
      ArtifactFile{.name = name,
                   .media_type = order->as_csv ? "text/csv; charset=utf-8" : "application/jsonl",
                   .open = [&] { return order->as_csv ? open_to_read(csv) : partial->reader(); }}};
  if (Status kept = context.artifacts().keep(files); !kept) {
    return outcome_of(with_context(kept.error(), "the table was not kept"));
  }
  partial->remove();
  steps.done("writing table");
  return outcome::Succeeded{.result = tally_json(*tally, name)};
}

}  // namespace waybill
