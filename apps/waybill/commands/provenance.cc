#include <fcntl.h>
#include <sys/stat.h>

#include <boost/json.hpp>
#include <cerrno>
#include <filesystem>
#include <set>
#include <utility>

#include "adapters/aws/settings.h"
#include "apps/waybill/commands/commands.h"
#include "apps/waybill/commands/run_ids.h"
#include "apps/waybill/commands/views.h"
#include "apps/waybill/provenance_key.h"
#include "apps/waybill/runtime/provenance.h"
#include "base/digest_copy.h"
#include "base/json.h"
#include "core/provenance/envelope.h"
#include "core/size.h"

namespace waybill::cli {
namespace {

namespace bj = boost::json;

Exit show_key(Session& session, const Invocation&) {
  if (session.config().provenance_key_file.empty()) {
    // A key is made beside a ledger, not wherever somebody asks.
    if (const auto store = session.store(OpenStore::existing); !store) return fail(store.error());
  }
  const auto keys = read_provenance_keys(session.config());
  if (!keys) return fail(keys.error());
  Output& output = session.output();
  bj::array list;
  std::string text;
  for (const SigningKey& key : *keys) {
    const PublicKey open = key.public_key();
    list.push_back(bj::object{
        {"keyid", open.id()}, {"public_key", open.to_pem()}, {"signs", &key == keys->data()}});
    text += open.to_pem();
  }
  const std::string file = provenance_key_path(session.config());
  if (output.json()) {
    output.json_line(bj::object{{"file", json::text(file)}, {"keys", std::move(list)}});
    return 0;
  }
  output.data(text);
  output.note("key " + keys->front().public_key().id() + " of " + file + " signs");
  return 0;
}

Result<std::string> envelope_of(Session& session, Store& store, const std::string& text) {
  const auto found = find_task_or_run(session, store, text);
  if (!found) return fail(found.error());
  const ProvenanceDesk desk = make_provenance_desk(session, store);
  if (found->is_run) {
    const auto run = desk.run(found->id);
    return run ? desk.envelope(*run) : fail(run.error());
  }
  const auto task = desk.task(found->id);
  return task ? desk.envelope(*task) : fail(task.error());
}

Exit show_provenance(Session& session, const Invocation& invocation) {
  const auto store = session.store(OpenStore::reading);
  if (!store) return fail(store.error());
  const auto envelope = envelope_of(session, **store, invocation.positionals[0]);
  if (!envelope) return fail(envelope.error());
  // The same with and without --json: it is for programs.
  session.output().data(*envelope + "\n");
  return 0;
}

Result<std::vector<PublicKey>> keys_of(const Invocation& invocation) {
  std::vector<PublicKey> all;
  for (const std::string& path : invocation.texts("key")) {
    const auto text = aws::read_whole_file(path);
    if (!text) return fail(with_context(text.error(), "--key"));
    const auto keys = read_public_keys(*text);
    if (!keys) return fail(with_context(keys.error(), "--key: " + path));
    all.insert(all.end(), keys->begin(), keys->end());
  }
  if (!all.empty()) return all;
  return fail(Code::invalid_argument,
              "say with --key which public key you trust: a file of what `waybill provenance key` "
              "prints on the server");
}

/// What is wrong with a file that a statement names; empty: nothing.
std::string why_other(const std::string& directory, const provenance::Subject& subject) {
  const std::string path = directory + "/" + subject.name;
  const std::string what = "artifact \"" + subject.name + "\"";
  const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  struct stat status {};
  if (!file.is_open() || ::fstat(file.get(), &status) != 0) {
    return errno == ENOENT ? what + " is not in " + directory
                           : system_error(errno, "reading " + path).message;
  }
  if (!S_ISREG(status.st_mode)) return what + " is no file in " + directory;
  const auto digest = digest_of(file, path);
  if (!digest) return digest.error().message;
  if (digest->sha256 == subject.sha256) return {};
  return what + " is another one: its SHA-256 is " + digest->sha256 + ", and the statement says " +
         subject.sha256;
}

Status check_files(const std::string& directory, const provenance::Said& said) {
  std::string first;
  std::size_t wrong = 0;
  for (const provenance::Subject& subject : said.files) {
    std::string why = why_other(directory, subject);
    if (why.empty()) continue;
    if (++wrong == 1) first = std::move(why);
  }
  if (wrong == 0) return {};
  const std::string more =
      wrong == 1 ? "" : "; " + counted(static_cast<std::int64_t>(wrong) - 1, "other") + " too";
  return fail(Code::data_loss, first + more);
}

/// Files in the directory of which the statement says nothing.
Result<std::vector<std::string>> unsaid_files(const std::string& directory,
                                              const provenance::Said& said) {
  std::set<std::string> known;
  for (const provenance::Subject& subject : said.files) known.insert(subject.name);
  std::vector<std::string> unsaid;
  std::error_code error;
  std::filesystem::recursive_directory_iterator each(directory, error);
  for (; !error && each != std::filesystem::end(each); each.increment(error)) {
    // A link to a directory is told as what it is: nothing below it is looked at.
    if (!each->is_symlink(error) && each->is_directory(error)) continue;
    const std::string name = each->path().lexically_relative(directory).string();
    if (!known.contains(name)) unsaid.push_back(name);
  }
  if (error) {
    return fail(Code::not_found, "--artifacts: " + directory + ": " + error.message());
  }
  std::sort(unsaid.begin(), unsaid.end());
  return unsaid;
}

void tell_verified(Output& output, const provenance::Opened& opened, const provenance::Said& said,
                   const std::vector<std::string>& unsaid) {
  if (output.json()) {
    bj::array cids;
    for (const std::string& cid : said.cids) cids.push_back(json::text(cid));
    bj::array others;
    for (const std::string& name : unsaid) others.push_back(json::text(name));
    output.json_line(bj::object{{"keyid", opened.key.id()},
                                {"invocation", json::text_or_null(said.invocation)},
                                {"state", json::text_or_null(said.state)},
                                {"finished_at", json::text_or_null(said.finished_on)},
                                {"artifacts", said.files.size()},
                                {"cids", std::move(cids)},
                                {"unsaid", std::move(others)}});
    return;
  }
  for (const std::string& name : unsaid) {
    output.note("warning: the statement says nothing of \"" + printable(name, 200) + "\"");
  }
  output.data("verified: " + printable(said.invocation, 100) + " " + printable(said.state, 20) +
              ", signed with key " + opened.key.id() + "\n");
}

/// What was wrong with what is verified is no wrong use of the command.
Error as_refusal(Error error) {
  if (error.code == Code::invalid_argument) error.code = Code::failed_precondition;
  return error;
}

Exit verify(Session& session, const Invocation& invocation) {
  const auto keys = keys_of(invocation);
  if (!keys) return fail(keys.error());
  const std::string& path = invocation.positionals[0];
  const auto text = aws::read_whole_file(path);
  if (!text) return fail(text.error());
  if (text->size() > provenance::kEnvelopeBytesMax) {
    return fail(Code::out_of_range, path + " has more than " +
                                        format_size(provenance::kEnvelopeBytesMax) +
                                        ": it is no statement");
  }
  const auto opened = provenance::open_envelope(*text, *keys);
  if (!opened) return fail(with_context(as_refusal(opened.error()), path));
  const auto said = provenance::read_statement(opened->statement);
  if (!said) return fail(with_context(as_refusal(said.error()), path));
  std::vector<std::string> unsaid;
  if (invocation.has("artifacts")) {
    const std::string directory = invocation.text("artifacts");
    auto others = unsaid_files(directory, *said);
    if (!others) return fail(others.error());
    unsaid = std::move(*others);
    if (const Status same = check_files(directory, *said); !same) return fail(same.error());
  }
  tell_verified(session.output(), *opened, *said, unsaid);
  return 0;
}

}  // namespace

std::vector<Command> provenance_commands() {
  return {
      {.path = "provenance key",
       .summary = "Show the public half of the key that signs provenance",
       .examples = {"waybill provenance key > server.pub"},
       .details = "Those that signed before, and stand behind it in the key's file, follow.",
       .run = show_key},
      {.path = "provenance show",
       .summary = "Show the signed statement of how a task or run came about",
       .examples = {"waybill provenance show 0192f3c1-7a52 > provenance.json",
                    "waybill provenance show 0192f3c1-7a52 | jq -r .payload | base64 -d | jq ."},
       .positionals = {{"ID", "of a finished task or an ended run, or its beginning"}},
       .run = show_provenance},
      {.path = "provenance verify",
       .summary = "See who signed a statement, and that artifacts are those it says",
       .examples = {"waybill provenance verify provenance.json --key server.pub",
                    "waybill provenance verify bag/provenance.json --key server.pub "
                    "--artifacts bag/data"},
       .details = "Needs no server, no ledger and no network.",
       .positionals = {{"FILE", "of the statement, as `provenance show` prints it"}},
       .options = {{"key", "FILE", "with public keys that are trusted, in PEM",
                    Option::Times::many},
                   {"artifacts", "DIR", "in which every artifact is, under its name"}},
       .run = verify}};
}

}  // namespace waybill::cli
