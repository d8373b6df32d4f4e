#include "adapters/postgres/image.h"

#include <utility>

#include "adapters/postgres/image_session.h"
#include "adapters/postgres/plain_text.h"

namespace waybill::postgres {
namespace {

class PostgresImage final : public LedgerImage {
 public:
  PostgresImage(const std::string& conninfo, Clock& clock) : session_(conninfo, clock) {}
  Status begin() { return session_.begin(ImageSession::For::reading); }

  const std::string& place() const override { return session_.place(); }
  Status read(const ImageTable& table, const Sink& sink) override {
    return session_.read(table, sink);
  }
  Result<CheckReport> check() override { return session_.check(); }

 private:
  ImageSession session_;
};

/// Changes texts that a column of type text does not take; answers how many.
Result<std::int64_t> make_plain(const ImageTable& table, std::vector<ImageRow>& rows) {
  std::int64_t changed = 0;
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    if (table.columns[i].type != CellType::text) continue;
    for (ImageRow& row : rows) {
      auto* text = std::get_if<std::string>(&row[i]);
      if (text == nullptr) continue;
      std::string plain = plain_text(*text);
      if (plain == *text) continue;
      if (i < table.key_columns) {
        return fail(Code::invalid_argument,
                    std::string(table.columns[i].name) + " \"" + escape_utf8(plain) + "\" of " +
                        std::string(table.name) +
                        " holds bytes that PostgreSQL keeps in no text; remove it first");
      }
      *text = std::move(plain);
      ++changed;
    }
  }
  return changed;
}

class PostgresDraft final : public LedgerDraft {
 public:
  PostgresDraft(const std::string& conninfo, Clock& clock) : session_(conninfo, clock) {}
  Status begin() {
    if (Status begun = session_.begin(ImageSession::For::writing); !begun) return begun;
    return session_.require_empty();
  }

  const std::string& place() const override { return session_.place(); }
  Status read(const ImageTable& table, const Sink& sink) override {
    return session_.read(table, sink);
  }
  Result<CheckReport> check() override { return session_.check(); }
  Result<std::int64_t> put(const ImageTable& table, std::vector<ImageRow>& rows) override {
    const auto changed = make_plain(table, rows);
    if (!changed) return fail(changed.error());
    if (Status written = session_.insert(table, rows); !written) return fail(written.error());
    return *changed;
  }
  Status finish() override { return session_.seal(); }
  Status publish() override { return session_.commit(); }

 private:
  ImageSession session_;
};

}  // namespace
}  // namespace waybill::postgres

namespace waybill {

Result<std::unique_ptr<LedgerImage>> open_postgres_image(const std::string& conninfo,
                                                         Clock& clock) {
  auto image = std::make_unique<postgres::PostgresImage>(conninfo, clock);
  if (Status begun = image->begin(); !begun) return fail(begun.error());
  return std::unique_ptr<LedgerImage>(std::move(image));
}

Result<std::unique_ptr<LedgerDraft>> begin_postgres_draft(const std::string& conninfo,
                                                          Clock& clock) {
  auto draft = std::make_unique<postgres::PostgresDraft>(conninfo, clock);
  if (Status begun = draft->begin(); !begun) return fail(begun.error());
  return std::unique_ptr<LedgerDraft>(std::move(draft));
}

Status check_postgres_vacant(const std::string& conninfo, Clock& clock) {
  postgres::ImageSession session(conninfo, clock);
  const auto found = session.begin_if_there();
  if (!found) return fail(found.error());
  return *found ? session.require_empty() : Status();
}

}  // namespace waybill
