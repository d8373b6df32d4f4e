#include "adapters/curl/trust_store.h"

#include <curl/curl.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include <climits>
#include <string_view>

#include "adapters/curl/authorities.h"
#include "base/log.h"

namespace waybill {
namespace {

struct Read {
  int added = 0;   ///< certificates
  int broken = 0;  ///< blocks that cannot be read
};

void free_infos(STACK_OF(X509_INFO) * infos) { sk_X509_INFO_pop_free(infos, X509_INFO_free); }
using Infos = std::unique_ptr<STACK_OF(X509_INFO), void (*)(STACK_OF(X509_INFO) *)>;

void add_block(X509_STORE* store, std::string_view block, Read& read) {
  const std::unique_ptr<BIO, int (*)(BIO*)> source(
      BIO_new_mem_buf(block.data(), static_cast<int>(block.size())), &BIO_free);
  const Infos infos(PEM_X509_INFO_read_bio(source.get(), nullptr, nullptr, nullptr), &free_infos);
  if (!infos) ++read.broken;
  for (int i = 0; infos && i < sk_X509_INFO_num(infos.get()); ++i) {
    const X509_INFO* info = sk_X509_INFO_value(infos.get(), i);
    if (info->x509 != nullptr) read.added += X509_STORE_add_cert(store, info->x509);
    if (info->crl != nullptr) X509_STORE_add_crl(store, info->crl);
  }
}

/// Block by block: OpenSSL reads nothing of a text in which one is broken.
Read add_all(X509_STORE* store, std::string_view text) {
  constexpr std::string_view kBegin = "-----BEGIN ";
  Read read;
  for (std::size_t at = text.find(kBegin); at != text.npos;) {
    const std::size_t next = text.find(kBegin, at + kBegin.size());
    const std::string_view block = text.substr(at, next == text.npos ? next : next - at);
    if (block.size() <= INT_MAX) add_block(store, block, read);
    at = next;
  }
  return read;
}

/// Where libcurl would look for the system's.
void add_systems(X509_STORE* store) {
  const curl_version_info_data* libcurl = curl_version_info(CURLVERSION_NOW);
  if (libcurl->capath != nullptr) X509_STORE_load_path(store, libcurl->capath);
  if (libcurl->cainfo != nullptr) X509_STORE_load_file(store, libcurl->cainfo);
}

Status check_backend() {
  const char* built = curl_version_info(CURLVERSION_NOW)->ssl_version;
  const std::string_view tls = built == nullptr ? "no TLS" : built;
  if (tls.starts_with("OpenSSL")) return {};
  return fail(Code::failed_precondition,
              "libcurl is built with " + std::string(tls) +
                  "; authorities besides the system's need one with OpenSSL (libcurl4)");
}

int on_context(CURL* /*easy*/, void* context, void* store) {
  SSL_CTX_set1_cert_store(static_cast<SSL_CTX*>(context), static_cast<X509_STORE*>(store));
  return CURLE_OK;
}

template <class Value>
bool give(void* easy, CURLoption option, Value value) {
  return curl_easy_setopt(easy, option, value) == CURLE_OK;
}

}  // namespace

Result<TrustStore> TrustStore::create(const std::vector<std::string>& files,
                                      const std::vector<std::string>& directories) {
  const auto authorities = read_authorities(files, directories);
  if (!authorities) return fail(authorities.error());
  TrustStore trust;
  if (authorities->empty()) return trust;
  if (const Status fits = check_backend(); !fits) return fail(fits.error());
  trust.store_ = {X509_STORE_new(), &X509_STORE_free};
  if (!trust.store_) return fail(Code::resource_exhausted, "OpenSSL cannot make a store");
  const Read read = add_all(trust.store_.get(), *authorities);
  add_systems(trust.store_.get());
  // As libcurl sets them for a store of its own.
  X509_STORE_set_flags(trust.store_.get(), X509_V_FLAG_TRUSTED_FIRST | X509_V_FLAG_PARTIAL_CHAIN);
  ERR_clear_error();  // of what is broken, and of what the system does not have
  if (read.added == 0) {
    return fail(Code::invalid_argument,
                "reading the certificate authorities of SSL_CERT_FILE, AWS_CA_BUNDLE and "
                "SSL_CERT_DIR: OpenSSL can read none of them; give certificates in PEM form");
  }
  if (read.broken > 0) {
    log::warn("authorities_broken",
              "some certificates of SSL_CERT_FILE, AWS_CA_BUNDLE or SSL_CERT_DIR cannot be read, "
              "and are passed over",
              {{"broken", read.broken}, {"read", read.added}});
  }
  return trust;
}

bool TrustStore::give_to(void* easy) const {
  if (!store_) return true;
  // Else libcurl reads the system's bundle for each connection, into the store that all share.
  return give(easy, CURLOPT_CAINFO, nullptr) && give(easy, CURLOPT_CAPATH, nullptr) &&
         give(easy, CURLOPT_PROXY_CAINFO, nullptr) && give(easy, CURLOPT_PROXY_CAPATH, nullptr) &&
         give(easy, CURLOPT_CA_CACHE_TIMEOUT, 0L) &&
         give(easy, CURLOPT_SSL_CTX_FUNCTION, &on_context) &&
         give(easy, CURLOPT_SSL_CTX_DATA, static_cast<void*>(store_.get()));
}

}  // namespace waybill
