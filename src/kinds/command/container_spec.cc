#include "kinds/command/container_spec.h"

#include <algorithm>
#include <boost/json.hpp>

#include "base/check.h"
#include "base/json.h"
#include "core/artifact.h"
#include "core/definition_fields.h"
#include "core/json_schema.h"
#include "core/size.h"

namespace waybill {
namespace bj = boost::json;
namespace {

constexpr std::string_view kDigest = "sha256:";
constexpr std::int64_t kContainerMemoryMin = 16 << 20;
constexpr std::int64_t kContainerScratchMin = 64 << 10;

const JsonSchema& container_schema() {
  static const JsonSchema kSchema = [] {
    const auto text = json::parse(container_spec_schema());
    WAYBILL_CHECK(text.has_value(), "the embedded schema is JSON");
    auto compiled = JsonSchema::compile(*text, standard_formats());
    WAYBILL_CHECK(compiled.schema.has_value(), "the embedded schema is one");
    return *compiled.schema;
  }();
  return kSchema;
}

/// Of registries, repositories and tags alike; nothing that a shell or a command line cares for.
bool is_image_name(std::string_view name) {
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-' ||
           c == '/' || c == ':';
  };
  return !name.empty() && name.size() <= 255 && name.front() != '-' &&
         std::all_of(name.begin(), name.end(), fits);
}

void read_arguments(const Fields& fields, std::string_view name, std::vector<std::string>& into) {
  if (!fields.has(name)) return;
  for (const bj::value& text : fields.find(name)->get_array()) into.emplace_back(text.get_string());
}

Status check_container(const ContainerSpec& spec) {
  const auto refuse = [](std::string why) { return fail(Code::invalid_argument, std::move(why)); };
  for (const std::string& argument : spec.arguments) {
    if (argument.find('\0') != argument.npos) return refuse("/args holds a zero byte");
  }
  if (spec.program.working_directory.find('\0') != std::string::npos) {
    return refuse("/working_directory holds a zero byte");
  }
  const std::int64_t memory = *spec.program.limits.memory_bytes;
  if (memory < kContainerMemoryMin) return refuse("/limits/memory must be at least 16MiB");
  if (spec.scratch_bytes < kContainerScratchMin) {
    return refuse("/limits/scratch must be at least 64KiB");
  }
  if (spec.scratch_bytes > memory) {
    return refuse("/limits/scratch is kept in memory, and must not be over /limits/memory (" +
                  format_size(memory) + "); raise that too");
  }
  return {};
}

}  // namespace

Status check_image(std::string_view image) {
  const auto refuse = [&](const std::string& why) {
    return fail(Code::invalid_argument, "/image " + why);
  };
  if (image.starts_with(kDigest) && is_sha256_hex(image.substr(kDigest.size()))) return {};
  const std::size_t at = image.find('@');
  if (at == image.npos) {
    const std::string name = is_image_name(image) ? std::string(image) : "NAME";
    return refuse(
        "must name one image for ever, as NAME@sha256:DIGEST; what a tag names can change. "
        "`podman image inspect --format '{{.Digest}}' " +
        name + "` prints the digest");
  }
  const std::string_view digest = image.substr(at + 1);
  if (!digest.starts_with(kDigest) || !is_sha256_hex(digest.substr(kDigest.size()))) {
    return refuse("has no digest of the form sha256: and 64 digits of 0-9 and a-f behind its @");
  }
  if (!is_image_name(image.substr(0, at))) {
    return refuse("has a name that can be none: a-z, 0-9 and ./:_- are allowed");
  }
  return {};
}

Status read_container_fields(const Fields& fields, ContainerSpec& spec) {
  const Fields limits(fields.object("limits"));
  read_arguments(fields, "args", spec.arguments);
  if (const Status read = read_program_fields(fields, spec.program); !read) {
    return read;
  }
  CommandLimits& program = spec.program.limits;
  program.memory_bytes = program.memory_bytes.value_or(std::int64_t{512} << 20);
  program.processes = program.processes.value_or(256);
  program.open_files = program.open_files.value_or(1024);
  spec.network = fields.text("network", spec.network);
  spec.pull = fields.text("pull", spec.pull);
  spec.user = fields.integer("user", spec.user);
  spec.cpus = limits.number("cpus", spec.cpus);
  if (limits.has("scratch")) spec.scratch_bytes = parse_size(limits.text("scratch")).value();
  return check_container(spec);
}

Result<ContainerSpec> parse_container_spec(std::string_view text) {
  const auto value = json::parse(text);
  if (!value) return fail(with_context(value.error(), "the spec of a container"));
  std::string problems;
  for (const SchemaViolation& violation : container_schema().check(*value)) {
    problems += (problems.empty() ? "" : "; ") + to_string(violation);
  }
  if (!problems.empty()) {
    return fail(Code::invalid_argument, "the spec of a container: " + problems);
  }
  const Fields fields(value->get_object());
  ContainerSpec spec;
  spec.image = fields.text("image");
  if (const Status image = check_image(spec.image); !image) return fail(image.error());
  read_arguments(fields, "command", spec.program.argv);
  if (const Status read = read_container_fields(fields, spec); !read) return fail(read.error());
  return spec;
}

}  // namespace waybill
