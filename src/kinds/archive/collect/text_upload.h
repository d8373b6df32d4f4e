#pragma once

#include <string>

#include "kinds/archive/ipfs/multipart.h"

namespace waybill {

/// A text that goes to a node as a file. It is written to memory when its turn comes.
ipfs::UploadFile text_upload(std::string name, std::string text);

}  // namespace waybill
