#include "services/importer.h"

#include <algorithm>
#include <boost/json.hpp>
#include <iterator>
#include <span>
#include <utility>

#include "base/json.h"
#include "base/log.h"
#include "base/utf8.h"

namespace waybill {
namespace {

namespace bj = boost::json;

constexpr std::size_t kMessagesMax = 100;  // of one step
constexpr std::size_t kReasonMax = 1000;
constexpr const char* kReasonAttribute = "waybill-rejected-reason";
constexpr const char* kImportAttribute = "waybill-import";

/// As task_mgmt answered over HTTP (docs/reference/amqp.md).
std::string accepted(const TaskRequest& request, const Inserted& inserted) {
  const bool is_new = inserted.outcome == InsertOutcome::inserted;
  return json::serialize(bj::object{
      {"data",
       {{"id", to_string(inserted.id)},
        {"type", json::text(request.definition)},
        {"params", json::parse(request.params).value_or(bj::object())}}},
      {"meta",
       {{"code", 200},
        {"message", is_new ? "successfully enqueued task" : "the task was enqueued before"}}}});
}

/// Whether it is about one of the tasks, and not about the ledger.
bool is_of_one(const Error& error) {
  return error.code == Code::invalid_argument || error.code == Code::out_of_range;
}

std::string refused(const std::string& why) {
  return json::serialize(bj::object{{"meta", {{"code", 400}, {"error", why}}}});
}

}  // namespace

Importer::Importer(ImporterPorts ports, ImportDefinition import,
                   std::map<std::string, TaskDefinition> definitions)
    : ports_(std::move(ports)),
      import_(std::move(import)),
      definitions_(std::move(definitions)),
      reader_(import_, definitions_) {}

Result<Duration> Importer::step(const Deadline& deadline) {
  if (held_.empty()) {
    auto received = ports_.from.receive(kMessagesMax, deadline);
    if (!received) return fail(with_context(received.error(), "import " + import_.name));
    held_ = std::move(*received);
  }
  if (held_.empty()) return Duration(0);
  std::vector<Taken> taken;
  for (const Delivery& delivery : held_) taken.push_back(read(delivery));
  const Status inserted = insert(taken);
  const Status aside = set_aside(taken);
  // What is on disk is settled, whatever became of the others.
  const auto ends = std::stable_partition(taken.begin(), taken.end(),
                                          [](const Taken& one) { return one.is_done(); });
  const std::vector<Taken> done(std::make_move_iterator(taken.begin()),
                                std::make_move_iterator(ends));
  const Status settled = settle(done);
  reply(done);
  std::vector<Delivery> left;
  for (auto one = ends; one != taken.end(); ++one) left.push_back(*one->delivery);
  held_ = std::move(left);
  for (const Status& status : {inserted, aside, settled}) {
    if (!status) return fail(with_context(status.error(), "import " + import_.name));
  }
  return Duration(0);
}

Importer::Taken Importer::read(const Delivery& delivery) {
  const Message& message = delivery.message;
  const MessageProperties& said = message.properties;
  auto request = reader_.read({.message_id = message.id,
                               .correlation_id = said.correlation_id,
                               .type = said.type,
                               .user_id = said.user_id,
                               .body = message.body},
                              ports_.fresh_id());
  if (!request) return {.delivery = &delivery, .refusal = request.error().message};
  if (ports_.check_task) {
    if (const Status fits = ports_.check_task(*request); !fits) {
      return {.delivery = &delivery, .refusal = fits.error().message};
    }
  }
  return {.delivery = &delivery, .request = std::move(*request)};
}

/// All at once; one by one where the ledger refuses one, until the culprit is known.
Status Importer::insert(std::vector<Taken>& taken) {
  std::vector<Taken*> sound;
  for (Taken& one : taken) {
    if (one.request) sound.push_back(&one);
  }
  if (sound.empty()) return {};
  const Status all = insert_these(sound);
  if (all || !is_of_one(all.error())) return all;
  for (Taken* one : sound) {
    const Status done = insert_these({one});
    if (done) continue;
    if (!is_of_one(done.error())) return done;
    one->refusal = done.error().message;
  }
  return {};
}

Status Importer::insert_these(const std::vector<Taken*>& taken) {
  std::vector<TaskRequest> requests;
  for (const Taken* one : taken) requests.push_back(*one->request);
  const auto inserted = ports_.ledger.insert(requests);
  if (!inserted) return fail(inserted.error());
  std::vector<Taken*> again;
  for (std::size_t i = 0; i < taken.size(); ++i) {
    TaskRequest& request = *taken[i]->request;
    const bool by_its_id = (*inserted)[i].outcome == InsertOutcome::duplicate &&
                           (*inserted)[i].id == request.id && !request.dedup_key.empty();
    const Uuid of_its_key = uuid_v5(kTaskNamespace, request.dedup_key);
    if (!by_its_id || request.id == of_its_key) {
      taken[i]->inserted = (*inserted)[i];
      continue;
    }
    // The task of that id may be another one's: that of another import, or the one that the
    // publisher answers to. If it is this message's, its key says so.
    request.id = of_its_key;
    again.push_back(taken[i]);
  }
  return again.empty() ? Status() : insert_these(again);
}

/// Publishes the malformed ones where a person finds them.
Status Importer::set_aside(std::vector<Taken>& taken) {
  std::vector<Message> refused;
  std::vector<Taken*> whose;
  for (Taken& one : taken) {
    if (one.refusal.empty()) continue;
    log::warn("import_refused", one.refusal,
              {{"import", import_.name}, {"message", one.delivery->message.id}});
    Message copy = one.delivery->message;
    copy.properties.user_id.clear();  // the broker lets nobody publish in another's name
    copy.attributes.emplace_back(kReasonAttribute, utf8_prefix(one.refusal, kReasonMax));
    copy.attributes.emplace_back(kImportAttribute, import_.name);
    refused.push_back(std::move(copy));
    whose.push_back(&one);
  }
  if (refused.empty()) return {};
  const auto answers = ports_.refused.publish(refused);
  if (!answers) return fail(answers.error());
  Status first;
  for (std::size_t i = 0; i < answers->size(); ++i) {
    Status answer = (*answers)[i];
    if (!answer && answer.error().code == Code::invalid_argument) {
      answer = set_aside_bare(*whose[i], refused[i]);
    }
    whose[i]->is_aside = answer.has_value();
    if (!answer && first) {
      first = fail(with_context(answer.error(), "setting a malformed message aside"));
    }
  }
  return first;
}

/// One with properties or headers that no queue takes: without them, or not at all.
Status Importer::set_aside_bare(const Taken& one, const Message& copy) {
  const Message bare{
      .id = {},
      .body = copy.body,
      .attributes = {{kReasonAttribute, mend_utf8(utf8_prefix(one.refusal, kReasonMax))},
                     {kImportAttribute, import_.name}}};
  const auto answers = ports_.refused.publish(std::span(&bare, 1));
  if (!answers) return fail(answers.error());
  const Status& answer = answers->front();
  if (answer || answer.error().code != Code::invalid_argument) return answer;
  log::error("import_dropped",
             "a malformed message cannot be kept, not even its body: " + answer.error().message,
             {{"import", import_.name}, {"bytes", copy.body.size()}, {"why", one.refusal}});
  return {};
}

/// Nobody waits for a reply whose queue is gone.
void Importer::reply(const std::vector<Taken>& taken) {
  if (ports_.replies == nullptr) return;
  std::vector<Message> replies;
  for (const Taken& one : taken) {
    const Message& asked = one.delivery->message;
    if (asked.properties.reply_to.empty()) continue;
    const std::string& to_what =
        asked.properties.correlation_id.empty() ? asked.id : asked.properties.correlation_id;
    replies.push_back(
        {.id = to_what,
         .body = one.refusal.empty() ? accepted(*one.request, *one.inserted) : refused(one.refusal),
         .attributes = {},
         .properties = {.content_type = "application/json",
                        .correlation_id = to_what,
                        .reply_to = asked.properties.reply_to}});
  }
  if (replies.empty()) return;
  const auto answers = ports_.replies->publish(replies);
  if (!answers) return log::warn("import_not_answered", answers.error().message);
  for (const Status& answer : *answers) {
    if (!answer) log::debug("import_not_answered", answer.error().message);
  }
}

Status Importer::settle(const std::vector<Taken>& taken) {
  if (taken.empty()) return {};
  std::vector<std::string> receipts;
  std::int64_t made = 0;
  for (const Taken& one : taken) {
    receipts.push_back(one.delivery->receipt);
    made += one.inserted && one.inserted->outcome == InsertOutcome::inserted ? 1 : 0;
  }
  log::debug("imported", "messages were taken",
             {{"import", import_.name}, {"messages", taken.size()}, {"tasks", made}});
  return ports_.from.ack(receipts);
}

}  // namespace waybill
