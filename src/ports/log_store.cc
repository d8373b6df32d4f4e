#include "ports/log_store.h"

namespace waybill {

std::string_view to_string(LogStream stream) {
  switch (stream) {
    case LogStream::out:
      return "stdout";
    case LogStream::err:
      return "stderr";
    case LogStream::system:
      return "system";
  }
  return "";
}

}  // namespace waybill
