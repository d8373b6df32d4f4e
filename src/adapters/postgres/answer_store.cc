#include "adapters/postgres/answer_store.h"

namespace waybill::postgres {
namespace {

KeptAnswer answer_of(const Rows& rows) {
  return {.owner = std::string(rows.text(0, 0)),
          .fingerprint = std::string(rows.text(0, 1)),
          .status = static_cast<int>(rows.integer(0, 2)),
          .headers = std::string(rows.text(0, 3)),
          .body = std::string(rows.text(0, 4)),
          .kept_at = from_micros(rows.integer(0, 5))};
}

}  // namespace

Result<std::optional<KeptAnswer>> PostgresAnswerPort::find(const std::string& owner) {
  const auto rows = database_.read(Sql::first_answer, Params().bytes(owner));
  if (!rows) return fail(rows.error());
  if (rows->empty()) return std::nullopt;
  return answer_of(*rows);
}

Result<KeptAnswer> PostgresAnswerPort::keep(const KeptAnswer& answer) {
  Params params;
  params.bytes(answer.owner).bytes(answer.fingerprint).integer(answer.status);
  params.bytes(answer.headers).bytes(answer.body).integer(to_micros(answer.kept_at));
  const auto kept = database_.write(Sql::keep_first_answer, params);
  if (!kept) return fail(kept.error());
  return answer_of(*kept);
}

Result<std::size_t> PostgresAnswerPort::remove(Time before, std::size_t limit) {
  const auto removed = database_.write(
      Sql::remove_first_answers,
      Params().integer(to_micros(before)).integer(static_cast<std::int64_t>(limit)));
  if (!removed) return fail(removed.error());
  return static_cast<std::size_t>(removed->affected());
}

}  // namespace waybill::postgres
