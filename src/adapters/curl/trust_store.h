#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"

struct x509_store_st;  // OpenSSL's X509_STORE

namespace waybill {

/// Authorities to trust besides the system's, read once for all connections: libcurl would keep the
/// text of them for each, and read it and the system's anew each time.
class TrustStore {
 public:
  /// Those of read_authorities(). None: the system's alone, which libcurl finds by itself.
  /// `invalid_argument` as there, and if none can be read; one that cannot is told of in the log
  /// and passed over. `failed_precondition` where libcurl has no OpenSSL.
  static Result<TrustStore> create(const std::vector<std::string>& files,
                                   const std::vector<std::string>& directories);

  /// Makes it all that a handle of libcurl trusts, for servers and for proxies. It outlives the
  /// handle's transfers. False: libcurl cannot do that.
  bool give_to(void* easy) const;

 private:
  std::shared_ptr<x509_store_st> store_;  // copies share it; connections count it on their own
};

}  // namespace waybill
