#include "adapters/curl/trust_store.h"

#include <curl/curl.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include <climits>

namespace waybill {
namespace {

using Infos = std::unique_ptr<STACK_OF(X509_INFO), void (*)(STACK_OF(X509_INFO) *)>;

void free_infos(STACK_OF(X509_INFO) * infos) { sk_X509_INFO_pop_free(infos, X509_INFO_free); }

/// How many certificates were added.
int add_all(X509_STORE* store, const std::string& text) {
  if (text.size() > INT_MAX) return 0;
  const std::unique_ptr<BIO, int (*)(BIO*)> source(
      BIO_new_mem_buf(text.data(), static_cast<int>(text.size())), &BIO_free);
  const Infos infos(PEM_X509_INFO_read_bio(source.get(), nullptr, nullptr, nullptr), &free_infos);
  int added = 0;
  for (int i = 0; infos && i < sk_X509_INFO_num(infos.get()); ++i) {
    const X509_INFO* info = sk_X509_INFO_value(infos.get(), i);
    if (info->x509 != nullptr) added += X509_STORE_add_cert(store, info->x509);
    if (info->crl != nullptr) X509_STORE_add_crl(store, info->crl);
  }
  return added;
}

/// Where Debian's libcurl looks for the system's.
void add_systems(X509_STORE* store) {
  const curl_version_info_data* libcurl = curl_version_info(CURLVERSION_NOW);
  if (libcurl->capath != nullptr) X509_STORE_load_path(store, libcurl->capath);
  if (libcurl->cainfo != nullptr) X509_STORE_load_file(store, libcurl->cainfo);
}

}  // namespace

Result<TrustStore> TrustStore::create(const std::string& authorities) {
  TrustStore trust;
  if (authorities.empty()) return trust;
  trust.store_ = {X509_STORE_new(), &X509_STORE_free};
  if (!trust.store_) return fail(Code::resource_exhausted, "OpenSSL cannot make a store");
  const int added = add_all(trust.get(), authorities);
  add_systems(trust.get());
  // As libcurl sets them for a store of its own.
  X509_STORE_set_flags(trust.get(), X509_V_FLAG_TRUSTED_FIRST | X509_V_FLAG_PARTIAL_CHAIN);
  ERR_clear_error();  // of what the system does not have
  if (added > 0) return trust;
  return fail(Code::invalid_argument,
              "reading the certificate authorities: OpenSSL reads no certificate in them; give "
              "files in PEM form");
}

int TrustStore::on_context(void* /*easy*/, void* context, void* store) {
  SSL_CTX_set1_cert_store(static_cast<SSL_CTX*>(context), static_cast<X509_STORE*>(store));
  return CURLE_OK;
}

}  // namespace waybill
