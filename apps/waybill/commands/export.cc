#include <boost/json.hpp>
#include <utility>

#include "adapters/file/bag.h"
#include "apps/waybill/commands/commands.h"
#include "apps/waybill/commands/run_ids.h"
#include "apps/waybill/commands/task_ids.h"
#include "apps/waybill/commands/views.h"
#include "apps/waybill/runtime/provenance.h"
#include "base/json.h"
#include "core/pipeline/kept_run_json.h"
#include "core/size.h"
#include "core/task_json.h"

namespace waybill::cli {
namespace {

namespace bj = boost::json;

constexpr std::size_t kLogBytes = std::size_t{1} << 20;  // that are held at once

/// A bag that is being written, and the store that it is filled from.
struct Export {
  Store& store;
  BagWriter& bag;
};

/// Artifacts of a task, below `place` of the bag: empty, or ends in a slash.
Status add_artifacts(const Export& to, const provenance::StepFacts& task,
                     const std::string& place) {
  for (const Artifact& artifact : task.artifacts) {
    const auto content = to.store.contents().open(artifact.sha256);
    if (!content) {
      return fail(with_context(content.error(), "artifact \"" + artifact.name + "\" of task " +
                                                    to_string(task.task.id())));
    }
    if (const Status added = to.bag.add_payload(place + artifact.name, *content, artifact.sha256);
        !added) {
      return added;
    }
  }
  return {};
}

/// What a task put out, a file for each attempt, as the bytes that they are.
Status add_logs(const Export& to, const Uuid& task, const std::string& place) {
  LogStore& logs = to.store.logs();
  auto page = logs.read(task, "", kLogBytes);
  if (!page) return fail(page.error());
  std::size_t at = 0;
  while (at < page->chunks.size()) {
    const std::uint32_t attempt = page->chunks[at].attempt;
    const Status added =
        to.bag.add_tag(place + "attempt-" + std::to_string(attempt) + ".log",
                       [&](const BagWriter::Write& write) -> Status {
                         while (at < page->chunks.size() && page->chunks[at].attempt == attempt) {
                           if (const Status written = write(page->chunks[at].bytes); !written)
                             return written;
                           if (++at < page->chunks.size()) continue;
                           page = logs.read(task, page->next_cursor, kLogBytes);
                           if (!page) return fail(page.error());
                           at = 0;
                         }
                         return {};
                       });
    if (!added) return added;
  }
  return {};
}

Result<bj::object> record_of(Store& store, const provenance::StepFacts& facts) {
  const auto history = store.reader().history(facts.task.id());
  if (!history) return fail(history.error());
  bj::object object = task_to_json(facts.task);
  bj::array lines;
  for (const HistoryEntry& entry : *history) lines.push_back(history_to_json(entry));
  object["history"] = std::move(lines);
  bj::array artifacts;
  for (const Artifact& artifact : facts.artifacts) artifacts.push_back(artifact_to_json(artifact));
  object["artifacts"] = std::move(artifacts);
  return object;
}

Status fill(const Export& to, const ProvenanceDesk& desk, const provenance::StepFacts& task) {
  if (const Status added = add_artifacts(to, task, ""); !added) return added;
  if (const Status added = add_logs(to, task.task.id(), "logs/"); !added) return added;
  const auto record = record_of(to.store, task);
  if (!record) return fail(record.error());
  if (const Status added = to.bag.add_tag("task.json", json::serialize(*record) + "\n"); !added) {
    return added;
  }
  const auto envelope = desk.envelope(task);
  if (!envelope) return fail(envelope.error());
  return to.bag.add_tag("provenance.json", *envelope + "\n");
}

Status fill(const Export& to, const ProvenanceDesk& desk, const ProvenanceDesk::RunRecord& run) {
  bj::array tasks;
  for (const provenance::StepFacts& step : run.steps) {
    if (const Status added = add_artifacts(to, step, step.path + "/"); !added) return added;
    const std::string place = "logs/" + step.path + "/";
    if (const Status added = add_logs(to, step.task.id(), place); !added) return added;
    auto record = record_of(to.store, step);
    if (!record) return fail(record.error());
    tasks.push_back(std::move(*record));
  }
  bj::array nodes;
  for (const pipeline::KeptNode& node : run.nodes) {
    nodes.push_back(pipeline::node_to_json(run.run.id, node));
  }
  const bj::object record{{"run", pipeline::run_to_json(run.run)},
                          {"nodes", std::move(nodes)},
                          {"tasks", std::move(tasks)}};
  if (const Status added = to.bag.add_tag("run.json", json::serialize(record) + "\n"); !added) {
    return added;
  }
  const auto envelope = desk.envelope(run);
  if (!envelope) return fail(envelope.error());
  return to.bag.add_tag("provenance.json", *envelope + "\n");
}

struct About {
  Uuid id;
  std::string what;
};

template <class Facts>
Exit write_bag(Session& session, Store& store, const Invocation& invocation, const Facts& facts,
               const About& about) {
  const std::string path = invocation.text("to");
  auto bag = BagWriter::create(path);
  if (!bag) return fail(with_context(bag.error(), "--to"));
  const ProvenanceDesk desk = make_provenance_desk(session, store);
  if (const Status filled = fill({store, **bag}, desk, facts); !filled) return fail(filled.error());
  const std::string id = to_string(about.id);
  const Status finished =
      (*bag)->finish({{"Bag-Software-Agent", "Waybill " WAYBILL_VERSION},
                      {"Bagging-Date", format_time(session.clock().now()).substr(0, 10)},
                      {"External-Identifier", "urn:uuid:" + id},
                      {"External-Description", about.what}});
  if (!finished) return fail(finished.error());
  const auto files = static_cast<std::int64_t>((*bag)->payload_files());
  const std::int64_t bytes = (*bag)->payload_bytes();
  if (session.output().json()) {
    session.output().json_line(bj::object{
        {"id", id}, {"to", json::text(path)}, {"artifacts", files}, {"size_bytes", bytes}});
    return 0;
  }
  session.output().note("wrote the bag " + path + ": " + counted(files, "artifact") + ", " +
                        format_size(bytes));
  return 0;
}

Status check_to(const Invocation& invocation) {
  if (!invocation.text("to").empty()) return {};
  return fail(Code::invalid_argument, "say with --to which directory the bag is to be");
}

Exit export_task(Session& session, const Invocation& invocation) {
  if (const Status named = check_to(invocation); !named) return fail(named.error());
  const auto store = session.store(OpenStore::reading);
  if (!store) return fail(store.error());
  const auto found = find_task((*store)->reader(), invocation.positionals[0]);
  if (!found) return fail(found.error());
  const auto task = make_provenance_desk(session, **store).task(found->id());
  if (!task) return fail(task.error());
  return write_bag(session, **store, invocation, *task,
                   {found->id(), "task of " + title_of(*found)});
}

Exit export_run(Session& session, const Invocation& invocation) {
  if (const Status named = check_to(invocation); !named) return fail(named.error());
  auto desk = OpenDesk::open(session, OpenStore::reading);
  if (!desk) return fail(desk.error());
  const auto found = find_run(**desk, invocation.positionals[0]);
  if (!found) return fail(found.error());
  const auto run = make_provenance_desk(session, desk->store()).run(found->id);
  if (!run) return fail(run.error());
  return write_bag(session, desk->store(), invocation, *run,
                   {found->id, "run of pipeline " + found->pipeline});
}

}  // namespace

std::vector<Command> export_commands() {
  const Option to{"to", "DIR", "the bag; there is nothing of that name yet"};
  constexpr std::string_view kDetails =
      "A bag of BagIt 1.0 (RFC 8493): artifacts in data/, beside them the record, the output of "
      "each attempt and the signed provenance; docs/reference/provenance.md.";
  return {{.path = "task export",
           .summary = "Write a finished task with all that it left to a directory",
           .examples = {"waybill task export 0192f3c1-7a52 --to bag"},
           .details = kDetails,
           .positionals = {{"ID", "the task's id, or its beginning"}},
           .options = {to},
           .run = export_task},
          {.path = "run export",
           .summary = "Write an ended run with all that its tasks left to a directory",
           .examples = {"waybill run export 0192f3c1-7a52 --to bag"},
           .details = kDetails,
           .positionals = {{"RUN", "the run's id, or its beginning"}},
           .options = {to},
           .run = export_run}};
}

}  // namespace waybill::cli
