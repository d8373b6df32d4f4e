#include <libpq-fe.h>

#include "adapters/postgres/connection.h"

namespace waybill::postgres {

Result<std::vector<std::string>> Connection::notifications(const Deadline& deadline) {
  std::vector<std::string> payloads;
  for (;;) {
    while (PGnotify* told = PQnotifies(connection_)) {
      payloads.emplace_back(told->extra);
      PQfreemem(told);
    }
    if (!payloads.empty()) return payloads;
    if (lost_) return lost("listening on a lost connection");
    if (Status ready = wait_for(Wish::read, deadline); !ready) return fail(ready.error());
    if (PQconsumeInput(connection_) == 0) return lost("listening");
  }
}

/// Behind a pooler another one's LISTEN may stand on this session: what comes of it would pile up.
void Connection::forget_news() {
  while (PGnotify* told = PQnotifies(connection_)) PQfreemem(told);
}

}  // namespace waybill::postgres
