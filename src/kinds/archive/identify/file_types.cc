#include "kinds/archive/identify/file_types.h"

#include <magic.h>
#include <unistd.h>

#include <cstddef>
#include <string_view>
#include <utility>

#include "base/utf8.h"

namespace waybill {
namespace {

constexpr std::size_t kLookedAtBytes = std::size_t{1} << 20;
constexpr std::size_t kDescriptionBytesMax = 500;

std::string text_of(const char* said) {
  return said == nullptr ? std::string() : escape_utf8(std::string_view(said));
}

}  // namespace

struct FileTypes::Cookie {
  explicit Cookie(magic_t opened) : magic(opened) {}
  ~Cookie() { ::magic_close(magic); }
  Cookie(const Cookie&) = delete;
  Cookie& operator=(const Cookie&) = delete;

  magic_t magic;
};

FileTypes::FileTypes(std::unique_ptr<Cookie> cookie) : cookie_(std::move(cookie)) {}
FileTypes::FileTypes(FileTypes&&) noexcept = default;
FileTypes& FileTypes::operator=(FileTypes&&) noexcept = default;
FileTypes::~FileTypes() = default;

Result<FileTypes> FileTypes::open() {
  const magic_t magic = ::magic_open(MAGIC_NONE);
  if (magic == nullptr) return fail(Code::resource_exhausted, "libmagic cannot be begun");
  auto cookie = std::make_unique<Cookie>(magic);
  if (::magic_load(magic, nullptr) != 0) {
    return fail(Code::failed_precondition,
                "libmagic has no database; install libmagic-mgc: " + text_of(::magic_error(magic)));
  }
  const std::size_t most = kLookedAtBytes;
  if (::magic_setparam(magic, MAGIC_PARAM_BYTES_MAX, &most) != 0) {
    return fail(Code::internal, "libmagic takes no limit");
  }
  return FileTypes(std::move(cookie));
}

Result<FileType> FileTypes::of(const FileDescriptor& file) {
  const magic_t magic = cookie_->magic;
  const auto say = [&](int flags) -> Result<std::string> {
    const bool is_ready =
        ::magic_setflags(magic, flags) == 0 && ::lseek(file.get(), 0, SEEK_SET) == 0;
    const char* said = is_ready ? ::magic_descriptor(magic, file.get()) : nullptr;
    if (said != nullptr) return text_of(said);
    return fail(Code::internal, "libmagic: " + text_of(::magic_error(magic)));
  };
  auto media_type = say(MAGIC_MIME_TYPE | MAGIC_ERROR);
  if (!media_type) return fail(media_type.error());
  auto charset = say(MAGIC_MIME_ENCODING | MAGIC_ERROR);
  if (!charset) return fail(charset.error());
  const auto description = say(MAGIC_ERROR);
  if (!description) return fail(description.error());
  return FileType{.media_type = std::move(*media_type),
                  .charset = std::move(*charset),
                  .description = std::string(utf8_prefix(*description, kDescriptionBytesMax))};
}

}  // namespace waybill
