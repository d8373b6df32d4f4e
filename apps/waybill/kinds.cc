#include "apps/waybill/kinds.h"

#include <string>
#include <utility>

#include "core/suggest.h"
#include "kinds/command/command.h"
#include "kinds/noop/noop.h"

namespace waybill::cli {

Result<Kinds> Kinds::create(Clock& clock) {
  auto command = CommandKind::create({.environment = inherited_environment()}, clock);
  if (!command) return fail(with_context(command.error(), "preparing tasks of kind command"));
  Kinds kinds;
  kinds.kinds_.push_back(std::move(*command));
  kinds.kinds_.push_back(std::make_unique<NoopKind>());
  return kinds;
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
  for (const auto& kind : kinds_) schemas.emplace(kind->name(), kind->spec_schema());
  return schemas;
}

Status Kinds::check(const TaskRequest& request) const {
  for (const auto& kind : kinds_) {
    if (kind->name() == request.kind) return kind->check(request);
  }
  return fail(Code::invalid_argument,
              "there is no kind \"" + request.kind + "\"" + did_you_mean(request.kind, names()));
}

}  // namespace waybill::cli
