#pragma once

#include <cstddef>
#include <list>
#include <memory>
#include <string>

#include "base/file_stamp.h"
#include "base/mutex.h"
#include "base/result.h"
#include "base/time.h"
#include "services/service.h"

namespace waybill::http {

/// The files of a server's certificate: PEM, the certificate first and the rest of its chain after
/// it; the key without a password.
struct TlsFilePaths {
  std::string certificate;
  std::string key;
};

/// A server's certificate and key out of two files. As a service it looks at them every second and
/// takes what they hold once that has changed, for the connections that come then; what does not
/// fit together, as while they are being replaced, is told in the log, and what there was before
/// stands. Thread-safe.
class TlsFiles final : public Service {
 public:
  /// `not_found`, `permission_denied`: a file cannot be read; `invalid_argument`: they hold no
  /// certificate and key that belong together.
  static Result<std::unique_ptr<TlsFiles>> create(TlsFilePaths paths);
  /// For create(), which alone knows what they hold.
  struct Held;
  explicit TlsFiles(TlsFilePaths paths);
  ~TlsFiles() override;
  TlsFiles(const TlsFiles&) = delete;
  TlsFiles& operator=(const TlsFiles&) = delete;

  /// When the certificate that is shown now ends.
  Time valid_until() const;
  /// What a handshake of GnuTLS that begins now is to show. Stands as long as this object.
  const Held& current() const;

  std::string_view name() const override { return "tls_files"; }
  Result<Duration> step(const Deadline& deadline) override;

 private:
  /// Reads both files, and takes what they hold.
  Status take();

  const TlsFilePaths paths_;
  FileStamp certificate_seen_;
  FileStamp key_seen_;
  mutable Mutex mutex_;
  // The newest last. Older ones stay for handshakes that are under way.
  std::list<std::unique_ptr<Held>> held_ GUARDED_BY(mutex_);
};

/// Has a handshake of this GnuTLS session (gnutls_session_t) ask `files`.
void attach_tls_files(void* session, const TlsFiles& files);
/// The gnutls_certificate_retrieve_function3 that answers for what was attached.
void* tls_files_callback();

}  // namespace waybill::http
