#include "kinds/command/repo_run_spec.h"

#include <boost/json.hpp>

#include "base/check.h"
#include "base/json.h"
#include "base/relative_path.h"
#include "core/artifact.h"
#include "core/definition_fields.h"
#include "core/json_schema.h"
#include "core/permission.h"
#include "core/size.h"

namespace waybill {
namespace bj = boost::json;
namespace {

constexpr std::int64_t kBuildMemoryMin = 16 << 20;
constexpr std::int64_t kBuildDiskMin = 16 << 20;

const JsonSchema& repo_run_schema() {
  static const JsonSchema kSchema = [] {
    const auto text = json::parse(repo_run_spec_schema());
    WAYBILL_CHECK(text.has_value(), "the embedded schema is JSON");
    auto compiled = JsonSchema::compile(*text, standard_formats());
    WAYBILL_CHECK(compiled.schema.has_value(), "the embedded schema is one");
    return *compiled.schema;
  }();
  return kSchema;
}

/// As git names the files of a tree.
bool is_path_in_repository(std::string_view path) {
  const std::string parts = "/" + std::string(path) + "/";
  return stays_below(path) && parts.find("/./") == parts.npos && parts.find("//") == parts.npos;
}

Status check_repo_run(const RepoRunSpec& spec) {
  const auto refuse = [](std::string why) { return fail(Code::invalid_argument, std::move(why)); };
  if (!parameter_of(spec.repository) && !is_repository(spec.repository)) {
    return refuse("/repository must be owner/name, or ${params.NAME}");
  }
  if (!parameter_of(spec.commit) && !is_commit_id(spec.commit)) {
    return refuse(
        "/commit must be the 40 digits of a commit, which never changes, or "
        "${params.NAME}; `git rev-parse BRANCH` prints them");
  }
  if (!spec.dockerfile.empty() && !is_path_in_repository(spec.dockerfile)) {
    return refuse("/dockerfile must be a path in the repository, without .. and empty parts");
  }
  if (spec.dockerfile.ends_with(".in")) {
    return refuse(
        "/dockerfile must not end in .in: podman has cpp read such a file, and cpp others");
  }
  if (spec.process.empty() != spec.container.image.empty()) {
    return refuse(
        spec.process.empty()
            ? "/image is what a process of a Procfile runs in; a Dockerfile begins with its own: "
              "leave it out, or say /process"
            : "/process needs the /image that it runs in, by its digest");
  }
  if (!spec.container.image.empty()) {
    if (Status image = check_image(spec.container.image); !image) return image;
  }
  if (spec.build_limits.memory_bytes < kBuildMemoryMin) {
    return refuse("/build_limits/memory must be at least 16MiB");
  }
  if (spec.build_limits.disk_bytes < kBuildDiskMin) {
    return refuse("/build_limits/disk must be at least 16MiB: podman itself takes some of it");
  }
  const auto source = parse_git_source(spec.base + "/owner/name");
  if (!source) return fail(with_context(source.error(), "/base"));
  return {};
}

/// What is not said is as of the program, but for what that has not.
void read_build_limits(const Fields& fields, RepoRunSpec& spec) {
  const CommandLimits& program = spec.container.program.limits;
  BuildLimits& build = spec.build_limits;
  const auto size = [&](std::string_view name, std::int64_t otherwise) {
    return fields.has(name) ? parse_size(fields.text(name)).value() : otherwise;
  };
  build.memory_bytes = size("memory", *program.memory_bytes);
  build.cpus = fields.number("cpus", spec.container.cpus);
  build.processes = fields.integer("processes", *program.processes);
  build.disk_bytes = size("disk", build.disk_bytes);
  build.time = fields.duration("time", build.time);
}

/// The text, or that of the parameter which it names.
Result<std::string> resolve(const std::string& text, const bj::object& params) {
  const auto name = parameter_of(text);
  if (!name) return text;
  const bj::value* value = params.if_contains(*name);
  if (value == nullptr || !value->is_string()) {
    return fail(Code::invalid_argument, "the parameter \"" + *name + "\" must be there, as a text");
  }
  return std::string(value->get_string());
}

}  // namespace

Result<RepoRunSpec> parse_repo_run_spec(std::string_view text) {
  const auto value = json::parse(text);
  if (!value) return fail(with_context(value.error(), "the spec of a repo.run"));
  std::string problems;
  for (const SchemaViolation& violation : repo_run_schema().check(*value)) {
    problems += (problems.empty() ? "" : "; ") + to_string(violation);
  }
  if (!problems.empty()) {
    return fail(Code::invalid_argument, "the spec of a repo.run: " + problems);
  }
  const Fields fields(value->get_object());
  RepoRunSpec spec;
  spec.base = fields.text("base", "https://github.com");
  spec.repository = fields.text("repository");
  spec.commit = fields.text("commit");
  spec.process = fields.text("process");
  if (!spec.process.empty() && fields.has("dockerfile")) {
    return fail(Code::invalid_argument, "/process and /dockerfile are two ways: leave one out");
  }
  if (spec.process.empty()) spec.dockerfile = fields.text("dockerfile", "Dockerfile");
  spec.artifact = fields.text("artifact");
  spec.build_network = fields.text("build_network", spec.build_network);
  spec.container.image = fields.text("image");
  const Status read = read_container_fields(fields, spec.container);
  if (!read) return fail(read.error());
  if (!spec.process.empty() && fields.has("build_limits")) {
    return fail(Code::invalid_argument,
                "/build_limits are for a Dockerfile, and /process builds none: leave them out");
  }
  read_build_limits(Fields(fields.object("build_limits")), spec);
  if (const Status checked = check_repo_run(spec); !checked) return fail(checked.error());
  return spec;
}

Result<RepoRunTarget> repo_run_target(const RepoRunSpec& spec, std::string_view params) {
  const auto value = json::parse(params.empty() ? "{}" : params);
  if (!value || !value->is_object()) return fail(Code::invalid_argument, "params are no object");
  const bj::object& object = value->get_object();
  const auto repository = resolve(spec.repository, object);
  if (!repository) return fail(repository.error());
  if (!is_repository(*repository)) {
    return fail(Code::invalid_argument, "the repository must be owner/name");
  }
  const auto commit = resolve(spec.commit, object);
  if (!commit) return fail(commit.error());
  if (!is_commit_id(*commit)) {
    return fail(Code::invalid_argument,
                "the commit must be 40 digits of 0-9 and a-f: a branch or a tag can change");
  }
  auto source = parse_git_source(spec.base + "/" + *repository + "#" + *commit);
  if (!source) return fail(source.error());
  RepoRunTarget target{.source = std::move(*source), .artifact = {}};
  if (spec.artifact.empty()) return target;
  auto artifact = resolve("${params." + spec.artifact + "}", object);
  if (!artifact) return fail(artifact.error());
  if (!is_sha256_hex(*artifact)) {
    return fail(Code::invalid_argument, "the parameter \"" + spec.artifact +
                                            "\" must be the SHA-256 of an artifact, 64 digits");
  }
  target.artifact = std::move(*artifact);
  return target;
}

}  // namespace waybill
