#include "http/tls_files.h"

#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>

#include <array>
#include <cerrno>
#include <fstream>
#include <iterator>
#include <utility>

#include "base/file_descriptor.h"
#include "base/log.h"

namespace waybill::http {
namespace {

/// As long a chain as any authority's.
constexpr unsigned kChainMax = 16;
constexpr Duration kLookEvery = std::chrono::seconds(1);
/// More than handshakes last, were the files to change at every look.
constexpr std::size_t kHeldMax = 120;

tl::unexpected<Error> refused(const std::string& path, int error) {
  return fail(Code::invalid_argument, path + ": " + gnutls_strerror(error));
}

gnutls_datum_t datum(std::string& text) {
  return {.data = reinterpret_cast<unsigned char*>(text.data()),
          .size = static_cast<unsigned>(text.size())};
}

Result<std::string> read_file(const std::string& path) {
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  if (!file) return fail(system_error(errno, "opening " + path));
  std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  if (file.bad()) return fail(system_error(errno, "reading " + path));
  return text;
}

/// GnuTLS itself says whether a key is a certificate's.
Status check_pair(const TlsFilePaths& paths, std::string& certificate, std::string& key) {
  gnutls_certificate_credentials_t credentials = nullptr;
  if (const int error = gnutls_certificate_allocate_credentials(&credentials); error < 0) {
    return fail(Code::resource_exhausted, gnutls_strerror(error));
  }
  const gnutls_datum_t certificate_data = datum(certificate);
  const gnutls_datum_t key_data = datum(key);
  const int error = gnutls_certificate_set_x509_key_mem2(credentials, &certificate_data, &key_data,
                                                         GNUTLS_X509_FMT_PEM, nullptr, 0);
  gnutls_certificate_free_credentials(credentials);
  if (error >= 0) return {};
  return fail(Code::invalid_argument,
              paths.certificate + " and " + paths.key +
                  " are no certificate and key that belong together: " + gnutls_strerror(error) +
                  "; both have to be PEM, the key without a password");
}

}  // namespace

struct TlsFiles::Held {
  Held() = default;
  Held(const Held&) = delete;
  Held& operator=(const Held&) = delete;
  ~Held() {
    for (unsigned i = 0; i < size; ++i) gnutls_pcert_deinit(&chain[i]);
    if (key != nullptr) gnutls_privkey_deinit(key);
  }

  std::array<gnutls_pcert_st, kChainMax> chain{};
  unsigned size = 0;
  gnutls_privkey_t key = nullptr;
  Time valid_until{};
};

namespace {

Status read_chain(TlsFiles::Held& held, std::string& text, const std::string& path) {
  unsigned size = kChainMax;
  const gnutls_datum_t data = datum(text);
  int error =
      gnutls_pcert_list_import_x509_raw(held.chain.data(), &size, &data, GNUTLS_X509_FMT_PEM, 0);
  if (error < 0) return refused(path, error);
  held.size = size;
  gnutls_x509_crt_t first = nullptr;
  error = gnutls_pcert_export_x509(held.chain.data(), &first);
  if (error < 0) return refused(path, error);
  held.valid_until = Time(std::chrono::seconds(gnutls_x509_crt_get_expiration_time(first)));
  gnutls_x509_crt_deinit(first);
  return {};
}

Result<std::unique_ptr<TlsFiles::Held>> read_files(const TlsFilePaths& paths) {
  auto certificate = read_file(paths.certificate);
  if (!certificate) return fail(certificate.error());
  auto key = read_file(paths.key);
  if (!key) return fail(key.error());
  if (Status fits = check_pair(paths, *certificate, *key); !fits) return fail(fits.error());
  auto held = std::make_unique<TlsFiles::Held>();
  if (Status chain = read_chain(*held, *certificate, paths.certificate); !chain) {
    return fail(chain.error());
  }
  int error = gnutls_privkey_init(&held->key);
  const gnutls_datum_t data = datum(*key);
  if (error >= 0) {
    error = gnutls_privkey_import_x509_raw(held->key, &data, GNUTLS_X509_FMT_PEM, nullptr, 0);
  }
  if (error < 0) return refused(paths.key, error);
  return held;
}

int retrieve(gnutls_session_t session, const gnutls_cert_retr_st*, gnutls_pcert_st** certificates,
             unsigned* size, gnutls_ocsp_data_st** ocsp, unsigned* ocsp_size, gnutls_privkey_t* key,
             unsigned* flags) {
  const auto* files = static_cast<const TlsFiles*>(gnutls_session_get_ptr(session));
  if (files == nullptr) return -1;
  const TlsFiles::Held& held = files->current();
  *certificates = const_cast<gnutls_pcert_st*>(held.chain.data());  // GnuTLS only reads it
  *size = held.size;
  *ocsp = nullptr;
  *ocsp_size = 0;
  *key = held.key;
  *flags = 0;
  return 0;
}

}  // namespace

void attach_tls_files(void* session, const TlsFiles& files) {
  gnutls_session_set_ptr(static_cast<gnutls_session_t>(session), const_cast<TlsFiles*>(&files));
}

void* tls_files_callback() { return reinterpret_cast<void*>(&retrieve); }

TlsFiles::TlsFiles(TlsFilePaths paths) : paths_(std::move(paths)) {}
TlsFiles::~TlsFiles() = default;

Result<std::unique_ptr<TlsFiles>> TlsFiles::create(TlsFilePaths paths) {
  auto files = std::make_unique<TlsFiles>(std::move(paths));
  if (Status taken = files->take(); !taken) return fail(taken.error());
  return files;
}

Time TlsFiles::valid_until() const { return current().valid_until; }

const TlsFiles::Held& TlsFiles::current() const {
  const Lock lock(mutex_);
  return *held_.back();
}

Status TlsFiles::take() {
  // Looked at before they are read: a change in between is seen at the next step.
  certificate_seen_ = stamp_of(paths_.certificate);
  key_seen_ = stamp_of(paths_.key);
  auto held = read_files(paths_);
  if (!held) {
    // What the files are shows when they change; what this process lacks may be there any moment.
    const Code code = held.error().code;
    const bool is_theirs = code == Code::invalid_argument || code == Code::not_found ||
                           code == Code::permission_denied;
    if (!is_theirs) certificate_seen_ = {};
    return fail(held.error());
  }
  const Lock lock(mutex_);
  held_.push_back(std::move(*held));
  if (held_.size() > kHeldMax) held_.pop_front();
  return {};
}

Result<Duration> TlsFiles::step(const Deadline&) {
  if (stamp_of(paths_.certificate) == certificate_seen_ && stamp_of(paths_.key) == key_seen_) {
    return kLookEvery;
  }
  if (const Status taken = take(); !taken) {
    log::warn("certificate_not_taken", taken.error().message,
              {{"certificate", paths_.certificate}, {"key", paths_.key}});
    return kLookEvery;
  }
  log::info("certificate_taken", "new connections are shown the certificate that is there now",
            {{"certificate", paths_.certificate}, {"valid_until", format_time(valid_until())}});
  return kLookEvery;
}

}  // namespace waybill::http
