#include "services/ledger_copy.h"

#include <iterator>
#include <map>
#include <span>
#include <utility>

#include "base/bytes.h"
#include "base/digest.h"

namespace waybill {
namespace {

constexpr std::size_t kOutputPageBytes = 1 << 20;

/// Called with how many more there are.
using Counter = std::function<void(std::int64_t more)>;

/// Digests rows. A cell is its kind, and then its number or its length and bytes.
class RowDigest {
 public:
  void add(const std::vector<ImageRow>& rows) {
    for (const ImageRow& row : rows) {
      bytes_.clear();
      for (const Cell& cell : row) add(cell);
      sha256_.add(bytes_);
    }
    count_ += static_cast<std::int64_t>(rows.size());
  }
  std::int64_t count() const { return count_; }
  CopiedTable finish(const ImageTable& table) {
    return {.name = std::string(table.name), .rows = count_, .sha256 = to_hex(sha256_.finish())};
  }

 private:
  void add(const Cell& cell) {
    if (const auto* number = std::get_if<std::int64_t>(&cell)) {
      bytes_ += 'i';
      put_varint(bytes_, static_cast<std::uint64_t>(*number));
    } else if (const auto* text = std::get_if<std::string>(&cell)) {
      bytes_ += 'b';
      put_text(bytes_, *text);
    } else {
      bytes_ += 'n';
    }
  }

  Sha256 sha256_;
  std::string bytes_;
  std::int64_t count_ = 0;
};

Status require_sound(LedgerImage& image, Code code, const std::string& advice,
                     std::int64_t& tasks_checked) {
  const auto report = image.check();
  if (!report) return fail(with_context(report.error(), "checking " + image.place()));
  tasks_checked = report->tasks_checked;
  if (report->violations_found == 0) return {};
  const Violation& first = report->violations.front();
  return fail(code, image.place() + " has " + std::to_string(report->violations_found) +
                        (report->violations_found == 1 ? " violation" : " violations") + ", as " +
                        first.invariant + " of " + first.subject + ": " + first.message + "; " +
                        advice);
}

/// Answers the table as it was written.
Result<CopiedTable> copy_table(const ImageTable& table, LedgerImage& from, LedgerDraft& to,
                               LedgerCopy& copy, const Counter& counted) {
  RowDigest digest;
  const Status read = from.read(table, [&](std::vector<ImageRow>& rows) -> Status {
    const auto changed = to.put(table, rows);
    if (!changed) return fail(changed.error());
    copy.texts_changed += *changed;
    digest.add(rows);
    counted(static_cast<std::int64_t>(rows.size()));
    return {};
  });
  if (!read) return fail(read.error());
  return digest.finish(table);
}

Status require_same(const std::vector<CopiedTable>& wanted, const std::vector<CopiedTable>& is,
                    const std::string& place) {
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (wanted[i] == is[i]) continue;
    return fail(Code::data_loss, "what was written to " + place + " is not what was read: of " +
                                     wanted[i].name + " there are " + std::to_string(is[i].rows) +
                                     " rows with the digest " + is[i].sha256 + ", not " +
                                     std::to_string(wanted[i].rows) + " with " + wanted[i].sha256 +
                                     "; nothing was kept of it, please report this");
  }
  return {};
}

/// Calls `each` with all chunks of a task's output, some at a time.
Status read_output(LogStore& logs, const Uuid& task,
                   const std::function<Status(std::span<const LogChunk>)>& each) {
  std::string cursor;
  for (;;) {
    const auto page = logs.read(task, cursor, kOutputPageBytes);
    if (!page) return fail(page.error());
    if (page->chunks.empty()) return {};
    if (Status done = each(page->chunks); !done) return done;
    cursor = page->next_cursor;
  }
}

/// Digests output piece by piece.
void add_chunks(Sha256& sha256, std::span<const LogChunk> chunks) {
  for (const LogChunk& chunk : chunks) {
    std::string bytes;
    put_varint(bytes, chunk.attempt);
    put_varint(bytes, static_cast<std::uint64_t>(to_micros(chunk.at)));
    put_varint(bytes, static_cast<std::uint64_t>(chunk.stream));
    put_text(bytes, chunk.bytes);
    sha256.add(bytes);
  }
}

/// Chunks at the beginning that are of one attempt.
std::span<const LogChunk> of_first_attempt(std::span<const LogChunk> chunks) {
  std::size_t count = 0;
  while (count < chunks.size() && chunks[count].attempt == chunks.front().attempt) ++count;
  return chunks.first(count);
}

Status copy_output_of(const Uuid& task, LogStore& from, LogStore& to, OutputCopy& copy) {
  Sha256 wanted;
  std::map<std::uint32_t, std::uint64_t> written;  // chunks by attempt
  const Status copied = read_output(from, task, [&](std::span<const LogChunk> chunks) -> Status {
    add_chunks(wanted, chunks);
    while (!chunks.empty()) {
      const auto these = of_first_attempt(chunks);
      std::uint64_t& before = written[these.front().attempt];
      if (Status put = to.append_all(task, these, before); !put) return put;
      before += these.size();
      for (const LogChunk& chunk : these) copy.bytes += std::ssize(chunk.bytes);
      chunks = chunks.subspan(these.size());
    }
    return {};
  });
  if (!copied) return copied;
  Sha256 is;
  const Status read = read_output(to, task, [&](std::span<const LogChunk> chunks) -> Status {
    add_chunks(is, chunks);
    return {};
  });
  if (!read) return read;
  if (wanted.finish() == is.finish()) return {};
  return fail(Code::data_loss,
              "what is kept of it at the new place is not the same; remove what is there, or leave "
              "output behind with --without-output");
}

}  // namespace

Result<std::vector<CopiedTable>> digest_tables(LedgerImage& image) {
  std::vector<CopiedTable> tables;
  for (const ImageTable& table : image_tables()) {
    RowDigest digest;
    const Status read = image.read(table, [&](std::vector<ImageRow>& rows) -> Status {
      digest.add(rows);
      return {};
    });
    if (!read) return fail(read.error());
    tables.push_back(digest.finish(table));
  }
  return tables;
}

Result<LedgerCopy> copy_ledger(LedgerImage& from, LedgerDraft& to,
                               const std::function<void(std::int64_t rows)>& told) {
  LedgerCopy copy;
  const Status sound =
      require_sound(from, Code::failed_precondition,
                    "see `waybill db check`, and mend it or restore a backup", copy.tasks_checked);
  if (!sound) return fail(sound.error());
  const Counter counted = [&told, rows = std::int64_t{0}](std::int64_t more) mutable {
    if (told) told(rows += more);
  };
  for (const ImageTable& table : image_tables()) {
    auto copied = copy_table(table, from, to, copy, counted);
    if (!copied) return fail(copied.error());
    copy.tables.push_back(std::move(*copied));
  }
  if (Status finished = to.finish(); !finished) return fail(finished.error());
  const auto written = digest_tables(to);
  if (!written) return fail(written.error());
  if (Status same = require_same(copy.tables, *written, to.place()); !same) {
    return fail(same.error());
  }
  std::int64_t tasks_written = 0;
  const Status kept = require_sound(
      to, Code::data_loss, "nothing was kept of the copy, please report this", tasks_written);
  if (!kept) return fail(kept.error());
  return copy;
}

Result<OutputCopy> copy_output(LogStore& from, LogStore& to,
                               const std::function<void(std::int64_t tasks)>& told) {
  OutputCopy copy;
  std::string cursor;
  do {
    const auto logged = from.logged(cursor);
    if (!logged) return fail(logged.error());
    for (const Uuid& task : logged->ids) {
      if (Status copied = copy_output_of(task, from, to, copy); !copied) {
        return fail(with_context(copied.error(), "output of task " + to_string(task)));
      }
      ++copy.tasks;
      if (told) told(copy.tasks);
    }
    cursor = logged->next_cursor;
  } while (!cursor.empty());
  return copy;
}

}  // namespace waybill
