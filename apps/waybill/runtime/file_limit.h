#pragma once

namespace waybill::cli {

/// How many connections a server may take: as many as are wanted, if the limit of open files, which
/// is raised for them as far as this process may, leaves enough for ledger, logs and tasks.
/// Programs that are started later have the raised limit too.
unsigned connections_within_files(unsigned wanted);

}  // namespace waybill::cli
