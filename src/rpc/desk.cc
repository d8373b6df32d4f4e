#include "rpc/desk.h"

#include <utility>
#include <variant>

namespace waybill::rpc {

Desk::Desk(http::Application& application, Clock& clock, std::size_t threads,
           std::size_t waiting_max)
    : application_(application),
      clock_(clock),
      pool_(threads, waiting_max),
      room_(clock, [this](http::WaitingRoom::Job job) { pool_.submit_again(std::move(job)); }) {}

bool Desk::ask(std::shared_ptr<Question> question) {
  question->request.came_at = clock_.steady_now();
  return pool_.submit([this, question = std::move(question)] { answer(question); });
}

void Desk::ask_surely(std::shared_ptr<Question> question) {
  question->request.came_at = clock_.steady_now();
  pool_.submit_again([this, question = std::move(question)] { answer(question); });
}

void Desk::drain() {
  draining_ = true;
  room_.open();
}

void Desk::answer(const std::shared_ptr<Question>& question) {
  if (!question->wanted()) return;
  const std::uint64_t seen = room_.moment();
  question->request.draining = draining_;
  http::Reply reply = application_.handle(question->request);
  if (const auto* later = std::get_if<http::Later>(&reply)) {
    question->request.counted = true;
    if (!question->request.draining) {
      return room_.wait(*later, seen, [this, question] { answer(question); });
    }
    reply = application_.refusal(question->request, 503, "the server is about to end");
  }
  question->answered(std::move(std::get<http::Response>(reply)));
}

}  // namespace waybill::rpc
