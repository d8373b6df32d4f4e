#pragma once

#include <string>

#include "kinds/archive/collect/archiver.h"
#include "kinds/archive/fetch/order.h"

namespace waybill {

struct MorphOrder {
  std::string scraper;  ///< OWNER/NAME; empty: not said yet
  std::string home;     ///< of the scraper: URL
  std::string checksum;
  std::string key_secret;
  ArchiveTerms terms;  ///< `collection`: nil if none is said
};
/// `invalid_argument` with the pointer of the field.
Result<MorphOrder> read_morph_order(const TaskRequest& request);

}  // namespace waybill
