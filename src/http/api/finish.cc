// What came of attempts.

#include <boost/json.hpp>
#include <optional>
#include <utility>

#include "base/json.h"
#include "core/definition_fields.h"
#include "http/api/routes.h"

namespace waybill::http {
namespace {

namespace bj = boost::json;

/// A change may meet another one between reading the task and applying it: a cancel request.
constexpr int kAttemptsMax = 5;

/// One Finish of a request.
struct Finish {
  Uuid id;
  Event event;
  Duration snooze{};  ///< how long from now on, of a Snooze
};

Finish read_finish(const Fields& fields) {
  Finish finish{.id = parse_uuid(fields.text("id")).value(), .event = event::Expire{}};
  const auto fence = static_cast<std::uint64_t>(fields.integer("fence", 0));
  const std::string outcome = fields.text("outcome");
  if (outcome == "succeeded") {
    finish.event = event::Succeed{.fence = fence, .result = fields.json("result")};
  } else if (outcome == "failed") {
    finish.event =
        event::Fail{.fence = fence,
                    .failure_class = fields.flag("permanent", false) ? FailureClass::permanent
                                                                     : FailureClass::transient,
                    .error = fields.text("error"),
                    .proof = fields.json("proof"),
                    .retry_after = fields.duration("retry_after", Duration::zero())};
  } else if (outcome == "snoozed") {
    finish.snooze = fields.duration("delay", Duration::zero());
    finish.event = event::Snooze{.fence = fence};
  } else if (outcome == "given_back") {
    finish.event = event::GiveBack{.fence = fence, .reason = fields.text("reason")};
  } else {
    finish.event = event::ConfirmCancel{.fence = fence, .proof = fields.json("proof")};
  }
  return finish;
}

/// One call that says what came of many attempts: one transaction for all that nothing comes
/// between.
class Finishing {
 public:
  explicit Finishing(const ApiParts& parts) : parts_(parts) {}

  Answer<Reply> run(const bj::array& bodies);

 private:
  Status apply(std::vector<std::size_t>& open);
  std::optional<Change> change_for(std::size_t index);

  const ApiParts& parts_;
  std::vector<Finish> finishes_;
  std::vector<Result<State>> answers_;
};

std::optional<Change> Finishing::change_for(std::size_t index) {
  Finish& finish = finishes_[index];
  const auto task = parts_.ledger.reader.get(finish.id);
  if (!task) {
    answers_[index] = fail(task.error());
    return std::nullopt;
  }
  const Moment moment{.now = parts_.ledger.ledger.now(), .chance = parts_.chance()};
  if (auto* snooze = std::get_if<event::Snooze>(&finish.event)) {
    snooze->until = moment.now + finish.snooze;
  }
  auto change = transition(*task, finish.event, moment);
  if (change) return std::move(*change);
  answers_[index] = fail(change.error());
  return std::nullopt;
}

Status Finishing::apply(std::vector<std::size_t>& open) {
  std::vector<Change> changes;
  std::vector<std::size_t> changed;
  for (const std::size_t index : open) {
    auto change = change_for(index);
    if (!change) continue;
    changes.push_back(std::move(*change));
    changed.push_back(index);
  }
  const auto applied = parts_.ledger.ledger.apply(changes);
  if (!applied) return fail(applied.error());
  open.clear();
  for (std::size_t i = 0; i < changed.size(); ++i) {
    const Status& answer = (*applied)[i];
    if (answer) {
      answers_[changed[i]] = changes[i].after.state;
    } else {
      answers_[changed[i]] = fail(answer.error());
      if (answer.error().code == Code::aborted) open.push_back(changed[i]);
    }
  }
  return {};
}

Answer<Reply> Finishing::run(const bj::array& bodies) {
  std::vector<std::size_t> open;
  for (const bj::value& body : bodies) {
    const Fields fields(body.get_object());
    if (auto sized = check_sizes(fields, finishes_.size()); !sized) {
      return refuse(std::move(sized.error()));
    }
    open.push_back(finishes_.size());
    finishes_.push_back(read_finish(fields));
    answers_.emplace_back(fail(Code::unavailable, "the task keeps changing; try again"));
  }
  for (int attempt = 0; attempt < kAttemptsMax && !open.empty(); ++attempt) {
    if (Status applied = apply(open); !applied) return refuse_storage(applied.error());
  }
  bj::array answers;
  for (std::size_t i = 0; i < finishes_.size(); ++i) {
    const Result<State>& answer = answers_[i];
    answers.push_back(bj::object{
        {"id", to_string(finishes_[i].id)},
        {"state", answer ? bj::value(json::text(to_string(*answer))) : bj::value(nullptr)},
        {"problem",
         answer ? bj::value(nullptr) : bj::value(problem_to_json(problem_of(answer.error())))}});
  }
  return json_response(bj::object{{"tasks", std::move(answers)}});
}

}  // namespace

Answer<void> check_sizes(const Fields& fields, std::size_t index) {
  for (const char* name : {"progress", "checkpoint", "result", "proof"}) {
    if (!fields.has(name) || fields.json(name).size() <= kParamsBytesMax) continue;
    return refuse(Error{.code = Code::invalid_argument,
                        .message = "/tasks/" + std::to_string(index) + "/" + name +
                                   ": has to be at most 1 MiB of JSON"});
  }
  return {};
}

void add_finish_handler(const ApiParts& parts, Handlers& handlers) {
  handlers["finishTasks"] = [&parts](const Call& call) {
    return Finishing(parts).run(call.body.get_object().at("tasks").get_array());
  };
}

}  // namespace waybill::http
