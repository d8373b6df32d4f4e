#include "adapters/postgres/postgres_error.h"

#include <string>

namespace waybill::postgres {
namespace {

struct Meaning {
  std::string_view sqlstate;  ///< or how it begins
  Code code;
  std::string_view what;
  std::string_view advice;
};

/// Whole ones stand before how they begin. Source: PostgreSQL's manual, appendix A.
constexpr Meaning kMeanings[] = {
    {"53100", Code::resource_exhausted, "the server's disk is full",
     "free some space; nothing was written"},
    {"53300", Code::unavailable, "the server has no connection left",
     "try again; raise max_connections or put a pooler in front"},
    {"53", Code::resource_exhausted, "the server is short of something", "give it more"},
    {"57014", Code::unavailable, "the statement took too long and was cancelled", "try again"},
    {"57", Code::unavailable, "the server is stopping, starting or ended this connection",
     "try again"},
    {"55P03", Code::unavailable, "a lock was not to be had in time",
     "try again; look for a session that holds it"},
    {"55", Code::failed_precondition, "an object is not in the state for this",
     "look at the server's log"},
    {"08", Code::unavailable, "the connection is lost", "try again"},
    {"25P03", Code::unavailable, "a transaction was idle for too long", "try again"},
    {kStandby, Code::unavailable, "the database cannot be written",
     "name the primary server, not a standby"},
    {"28", Code::unauthenticated, "the server refuses who we are", "check user and password"},
    {"42501", Code::permission_denied, "the user may not do this", "grant it the right"},
    {"3D000", Code::not_found, "there is no such database", "create it, or name another one"},
    {"3F", Code::failed_precondition, "there is no ledger in this database",
     "make one with `waybill db migrate`"},
    {"42P01", Code::failed_precondition, "a table of the ledger is missing",
     "run `waybill db migrate`"},
    {"42703", Code::failed_precondition, "a column of the ledger is missing",
     "run `waybill db migrate`"},
    {"40", Code::unavailable, "the transaction met another one", "try again"},
    {"23505", Code::already_exists, "there is one already", "name another one"},
    {"22", Code::invalid_argument, "the database takes no such value",
     "send text that is UTF-8 without NUL"},
    {"54", Code::invalid_argument, "a value is too big", "keep big data in a file"},
    {"0A", Code::unimplemented, "the server cannot do this", "use PostgreSQL 13 or later"},
    {"XX001", Code::data_loss, "the database is damaged", "restore a backup"},
    {"XX002", Code::data_loss, "an index is damaged", "REINDEX it, or restore a backup"},
    {"58", Code::unavailable, "the server's disk or system failed", "look at the server's log"},
};

}  // namespace

Error postgres_error(std::string_view sqlstate, std::string_view message, std::string_view place) {
  const std::string origin =
      " (PostgreSQL " + std::string(sqlstate) + ": " + std::string(message) + ")";
  const std::string where(place);
  for (const Meaning& meaning : kMeanings) {
    if (!sqlstate.starts_with(meaning.sqlstate)) continue;
    return {.code = meaning.code,
            .message = where + ": " + std::string(meaning.what) + "; " +
                       std::string(meaning.advice) + origin};
  }
  return {.code = Code::internal, .message = where + ": a statement failed" + origin};
}

bool met_another(std::string_view sqlstate) {
  return sqlstate == "40001" || sqlstate == "40P01" || sqlstate == "23505";
}

bool is_of_the_data(std::string_view sqlstate) {
  return sqlstate.starts_with("22") || sqlstate.starts_with("23") || sqlstate.starts_with("54");
}

}  // namespace waybill::postgres
