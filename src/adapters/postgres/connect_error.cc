#include "adapters/postgres/connect_error.h"

namespace waybill::postgres {
namespace {

struct Meaning {
  std::string_view words;  ///< of libpq, PostgreSQL or a pooler
  std::string_view too;    ///< these as well
  Code code;
  std::string_view advice;  ///< empty: the words say it
};

constexpr Meaning kMeanings[] = {
    {"certificate verify failed", "", Code::unauthenticated,
     "the server's certificate is of nobody whom we trust, or has ended: name its authority's file "
     "with sslrootcert in the URL, or with PGSSLROOTCERT"},
    {"does not match host name", "", Code::unauthenticated,
     "name the host in the URL as its certificate does"},
    {"root certificate file", "", Code::failed_precondition, ""},
    {"does not support SSL", "", Code::failed_precondition,
     "set ssl = on at the server: with this sslmode nothing is said without TLS"},
    {"requires a valid client certificate", "", Code::unauthenticated,
     "name this user's certificate and its key with sslcert and sslkey in the URL"},
    {"certificate authentication failed", "", Code::unauthenticated,
     "the certificate that sslcert names is another user's: name this one's"},
    {" alert unknown ca", "", Code::unauthenticated,
     "the server does not trust our certificate: name one with sslcert that is by an authority in "
     "the server's ssl_ca_file"},
    {" alert ", "certificate", Code::unauthenticated,
     "the server does not take our certificate: look whether the one that sslcert names has ended"},
    {"private key file", "key values mismatch", Code::failed_precondition,
     "name the key of that certificate with sslkey"},
    {"private key file", "", Code::failed_precondition, ""},
    {"certificate file", "", Code::failed_precondition, ""},
    {"pg_hba.conf", "no encryption", Code::unauthenticated,
     "the server may want TLS: say sslmode=verify-full in the URL; or let this user in from here "
     "in its pg_hba.conf"},
    {"pg_hba.conf", "", Code::unauthenticated,
     "let this user in from here in the server's pg_hba.conf"},
    {"SSL required", "", Code::unauthenticated, "say sslmode=verify-full in the URL"},
    {"no password supplied", "", Code::unauthenticated,
     "set PGPASSWORD, or name a file with PGPASSFILE"},
    {"authentication failed", "", Code::unauthenticated,
     "check the user, and the password that PGPASSWORD or PGPASSFILE tells"},
    {"role", "does not exist", Code::unauthenticated, "create it, or name another user"},
    {"database", "does not exist", Code::not_found, "create it, or name another one"},
};

}  // namespace

Error connect_error(std::string_view place, std::string_view why) {
  Error error{.code = Code::unavailable,
              .message = "connecting to " + std::string(place) + ": " + std::string(why)};
  for (const Meaning& meaning : kMeanings) {
    if (why.find(meaning.words) == why.npos || why.find(meaning.too) == why.npos) continue;
    error.code = meaning.code;
    if (!meaning.advice.empty()) error.message += "; " + std::string(meaning.advice);
    break;
  }
  return error;
}

}  // namespace waybill::postgres
