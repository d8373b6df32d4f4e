#include "apps/waybill/kinds.h"

#include <filesystem>
#include <string>
#include <system_error>
#include <type_traits>
#include <utility>

#include "adapters/git/source_trees.h"
#include "apps/waybill/runtime/definition_sources.h"
#include "core/suggest.h"
#include "kinds/archive/collect/addcollection.h"
#include "kinds/archive/collect/gist.h"
#include "kinds/archive/collect/pod.h"
#include "kinds/archive/collect/sciencebase.h"
#include "kinds/archive/desk.h"
#include "kinds/archive/fetch/fetch.h"
#include "kinds/archive/identify/identify.h"
#include "kinds/archive/ipfs/add.h"
#include "kinds/archive/ipfs/addwarc.h"
#include "kinds/archive/ipfs/pin.h"
#include "kinds/archive/kiwix/kiwix.h"
#include "kinds/archive/morph/morph.h"
#include "kinds/archive/warc/capture.h"
#include "kinds/archive/zim/zim.h"
#include "kinds/command/bubblewrap.h"
#include "kinds/command/command.h"
#include "kinds/command/container.h"
#include "kinds/command/podman.h"
#include "kinds/command/repo_run.h"
#include "kinds/noop/noop.h"
#include "kinds/notify/mail.h"
#include "kinds/notify/webhook.h"
#include "kinds/pipeline/start.h"

namespace waybill::cli {
namespace {

/// Absolute, as podman wants it; empty stays empty.
std::string container_store_of(const Config& config) {
  const std::string& path = config.container_store;
  std::error_code ignored;
  return path.empty() ? path : std::filesystem::absolute(path, ignored).lexically_normal().string();
}

/// Shared by all kinds that run containers.
Result<std::shared_ptr<ContainerEngine>> open_engine(const Config& config, Clock& clock) {
  if (config.containers == "bubblewrap") {
    auto opened = Bubblewrap::open(
        {.environment = inherited_environment(), .store = container_store_of(config)}, clock);
    if (!opened) return fail(opened.error());
    return std::shared_ptr<ContainerEngine>(std::move(*opened));
  }
  auto opened = Podman::open(
      {.environment = inherited_environment(), .store = container_store_of(config)}, clock);
  if (!opened) return fail(opened.error());
  return std::shared_ptr<ContainerEngine>(std::move(*opened));
}

/// Those that run containers, or only know of them.
Result<std::vector<std::unique_ptr<TaskKind>>> make_container_kinds(const Config& config,
                                                                    Clock& clock) {
  std::vector<std::unique_ptr<TaskKind>> kinds;
  if (config.containers == "off") {
    kinds.push_back(std::make_unique<ContainerKind>());
    kinds.push_back(std::make_unique<RepoRunKind>());
    return kinds;
  }
  auto opened = open_engine(config, clock);
  if (!opened) return fail(with_context(opened.error(), "--containers"));
  kinds.push_back(std::make_unique<ContainerKind>(*opened));
  kinds.push_back(std::make_unique<RepoRunKind>(
      *opened, std::make_unique<git::RemoteTrees>(git_access(config), clock)));
  return kinds;
}

}  // namespace

Kinds::Kinds(std::vector<std::unique_ptr<TaskKind>> kinds) : kinds_(std::move(kinds)) {}
Kinds::~Kinds() = default;
Kinds::Kinds(Kinds&&) noexcept = default;
Kinds& Kinds::operator=(Kinds&&) noexcept = default;

Result<Kinds> Kinds::create(Clock& clock) {
  Config without;
  without.containers = "off";
  return for_worker(without, clock, nullptr);
}

Result<Kinds> Kinds::for_worker(const Config& config, Clock& clock,
                                std::unique_ptr<ArchiveDesk> desk) {
  auto command = CommandKind::create({.environment = inherited_environment()}, clock);
  if (!command) return fail(with_context(command.error(), "preparing tasks of kind command"));
  std::vector<std::unique_ptr<TaskKind>> run_here;
  run_here.push_back(std::move(*command));
  run_here.push_back(std::make_unique<NoopKind>());
  auto contained = make_container_kinds(config, clock);
  if (!contained) return fail(contained.error());
  const bool runs_containers = config.containers != "off";
  Kinds kinds(std::move(run_here));
  auto& theirs = runs_containers ? kinds.kinds_ : kinds.known_;
  for (auto& kind : *contained) theirs.push_back(std::move(kind));
  kinds.desk_ = std::move(desk);
  kinds.add_archiving();
  kinds.known_.push_back(std::make_unique<MailKind>());
  kinds.known_.push_back(std::make_unique<WebhookKind>());
  kinds.known_.push_back(std::make_unique<PipelineStartKind>());
  return kinds;
}

void Kinds::add_archiving() {
  const bool has_node = desk_ != nullptr && !desk_->ipfs_api.empty();
  const bool has_zim_tools = desk_ != nullptr && desk_->has_zim_tools;
  const auto add = [this](bool runs_here, auto make) {
    ArchiveDesk* const desk = runs_here ? desk_.get() : nullptr;
    (desk != nullptr ? kinds_ : known_).push_back(make(desk));
  };
  const auto add_of = [&]<class Kind>(bool runs_here, std::type_identity<Kind>) {
    add(runs_here, [](ArchiveDesk* desk) { return std::make_unique<Kind>(desk); });
  };
  add_of(true, std::type_identity<FetchKind>());
  add_of(true, std::type_identity<CaptureKind>());
  add_of(desk_ != nullptr && desk_->has_file_types, std::type_identity<IdentifyKind>());
  add_of(true, std::type_identity<KiwixResolveKind>());
  add_of(true, std::type_identity<KiwixUpdateSourcesKind>());
  const bool has_collections = desk_ != nullptr && desk_->collections != nullptr;
  for (const char* name : {"collection.fromGist", "gist.createCollection"}) {
    add(has_collections,
        [name](ArchiveDesk* desk) { return std::make_unique<GistCollectionKind>(name, desk); });
  }
  const bool archives = has_node && has_collections;
  add_of(archives, std::type_identity<IpfsAddCollectionKind>());
  add_of(archives, std::type_identity<MorphIngestKind>());
  for (const char* name : {"catalog.pod", "pod.addcatalog"}) {
    add(archives,
        [name](ArchiveDesk* desk) { return std::make_unique<PodCatalogKind>(name, desk); });
  }
  for (const char* name : {"catalog.sciencebase", "sb.addCatalogTree"}) {
    add(archives,
        [name](ArchiveDesk* desk) { return std::make_unique<ScienceBaseKind>(name, desk); });
  }
  for (const char* name : {"ipfs.addurl", "ipfs.add"}) {
    add(has_node,
        [name](ArchiveDesk* desk) { return std::make_unique<IpfsAddUrlKind>(name, desk); });
  }
  add_of(has_node, std::type_identity<IpfsAddFileKind>());
  add_of(has_node, std::type_identity<IpfsAddDirKind>());
  add_of(has_node, std::type_identity<IpfsAddWarcKind>());
  add_of(has_node, std::type_identity<IpfsPinKind>());
  add_of(has_node, std::type_identity<IpfsUnpinKind>());
  add_of(has_node, std::type_identity<IpfsPinsKind>());
  add_of(has_node, std::type_identity<IpfsGcKind>());
  add_of(has_zim_tools, std::type_identity<ZimCheckKind>());
  add_of(has_zim_tools, std::type_identity<ZimListKind>());
  add_of(has_zim_tools, std::type_identity<ZimUnpackKind>());
}

std::vector<TaskKind*> Kinds::all() const {
  std::vector<TaskKind*> all;
  for (const auto& kind : kinds_) all.push_back(kind.get());
  return all;
}

std::vector<std::string> Kinds::names() const {
  std::vector<std::string> names;
  for (const auto& kind : kinds_) names.emplace_back(kind->name());
  return names;
}

std::map<std::string, std::string> Kinds::spec_schemas() const {
  std::map<std::string, std::string> schemas;
  for (const auto* kinds : {&kinds_, &known_}) {
    for (const auto& kind : *kinds) schemas.emplace(kind->name(), kind->spec_schema());
  }
  return schemas;
}

Status Kinds::check(const TaskRequest& request) const {
  std::vector<std::string> known;
  for (const auto* kinds : {&kinds_, &known_}) {
    for (const auto& kind : *kinds) {
      if (kind->name() == request.kind) return kind->check(request);
      known.emplace_back(kind->name());
    }
  }
  return fail(Code::invalid_argument,
              "there is no kind \"" + request.kind + "\"" + did_you_mean(request.kind, known));
}

}  // namespace waybill::cli
