#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace waybill {

/// Where bytes go. An error ends what gives them.
using ByteSink = std::function<Status(std::string_view)>;

/// Packs one record after the other, each as a gzip member of its own (RFC 1952), as WARC files
/// have them. Keeps its memory between members. Not thread-safe.
class GzipMember {
 public:
  GzipMember();
  ~GzipMember();

  Status add(std::string_view bytes, const ByteSink& sink);
  /// Ends the member; the next add() begins another one.
  Status finish(const ByteSink& sink);
  /// Forgets a member that was begun.
  void reset();

 private:
  struct Stream;
  std::unique_ptr<Stream> stream_;
};

}  // namespace waybill
