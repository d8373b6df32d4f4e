#pragma once

#include <memory>
#include <string>

#include "base/result.h"

struct x509_store_st;  // OpenSSL's X509_STORE

namespace waybill {

/// Authorities to trust besides the system's, read once for all connections: libcurl would keep the
/// text of them for each, and parse it each time.
class TrustStore {
 public:
  /// `authorities`: certificates in PEM form one after another. Empty: the system's alone, which
  /// libcurl finds by itself. `invalid_argument` if none can be read.
  static Result<TrustStore> create(const std::string& authorities);

  /// Null: the system's authorities alone.
  x509_store_st* get() const { return store_.get(); }
  /// What libcurl calls for a connection's SSL_CTX; `store` is get().
  static int on_context(void* easy, void* context, void* store);

 private:
  std::shared_ptr<x509_store_st> store_;
};

}  // namespace waybill
