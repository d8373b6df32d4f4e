#include "bench/http/loads.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <functional>
#include <memory>
#include <utility>

namespace waybill::bench {
namespace {

using Steady = std::chrono::steady_clock;

std::string get(const std::string& target) {
  return "GET " + target + " HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";
}

std::string post(const std::string& path, const std::string& body, const std::string& key = "") {
  return "POST " + path + " HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n" +
         (key.empty() ? "" : "Idempotency-Key: " + key + "\r\n") +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

/// A task with about 300 bytes of params.
std::string task_json(const std::string& queue, std::size_t number) {
  static const std::string filler(250, 'x');
  return R"({"kind":"noop","queue":")" + queue + R"(","params":{"url":"https://example.org/)" +
         filler + R"(","n":)" + std::to_string(number) + "}}";
}

/// One request after the other: `ask` makes them, `took` sees the answers.
class Asking final : public LoadClient {
 public:
  using Ask = std::function<std::string()>;
  using Took = std::function<void(int status, std::string_view body)>;
  Asking(Ask ask, Took took) : ask_(std::move(ask)), took_(std::move(took)) {}

  std::string first() override { return ask_(); }
  std::string next(int status, std::string_view body) override {
    took_(status, body);
    return ask_();
  }

 private:
  const Ask ask_;
  const Took took_;
};

/// Counts the answers that were not wanted, and remembers one of them.
struct Wrong {
  std::size_t count = 0;
  std::string example{};

  void check(int status, int wanted, std::string_view body) {
    if (status == wanted) return;
    ++count;
    example = std::to_string(status) + " " + std::string(body.substr(0, 300));
  }
};

Result<LoadReport> finish(LoadLoop& loop, const Wrong& wrong, const std::size_t& tasks) {
  auto result = loop.run();
  if (!result) return fail(result.error());
  if (wrong.count > 0) {
    return fail(Code::internal, std::to_string(wrong.count) + " wrong answers: " + wrong.example);
  }
  return LoadReport{.result = std::move(*result), .tasks = tasks};
}

/// `options.connections` that all ask the same way.
Result<LoadReport> run_same(const LoadOptions& options, Asking& asking, const Wrong& wrong,
                            const std::size_t& tasks) {
  LoadLoop loop(options.time);
  for (std::size_t i = 0; i < options.connections; ++i) {
    if (const auto added = loop.add(asking); !added) return fail(added.error());
  }
  return finish(loop, wrong, tasks);
}

/// What creates tasks in a queue.
std::function<std::string()> creating(const LoadOptions& options, const std::string& queue) {
  const auto number = std::make_shared<std::size_t>(0);  // shared with the copies of the function
  const std::string run = std::to_string(Steady::now().time_since_epoch().count());
  return [=] {
    std::string body = options.batch > 1 ? R"({"tasks":[)" : "";
    for (std::size_t i = 0; i < options.batch; ++i) {
      if (i > 0) body += ',';
      body += task_json(queue, ++*number);
    }
    if (options.batch > 1) body += "]}";
    return post("/v1/tasks", body, options.keys ? run + "-" + std::to_string(*number) : "");
  };
}

/// A worker: claims, finishes what it got, claims again; rests when there is nothing.
class Worker final : public LoadClient {
 public:
  Worker(const LoadOptions& options, std::size_t number, Wrong& wrong, std::size_t& finished)
      : claim_(post("/v1/claims", R"({"worker":"bench-)" + std::to_string(number) +
                                      R"(","queues":["bench"],"limit":)" +
                                      std::to_string(options.batch) + "}")),
        wrong_(wrong),
        finished_(finished) {}

  std::string first() override { return claim_; }
  std::string next(int status, std::string_view body) override {
    wrong_.check(status, 200, body);
    if (claimed_ > 0) {
      if (body.find(R"("state":null)") != body.npos) wrong_.check(0, 200, body);
      finished_ += std::exchange(claimed_, 0);
      return claim_;
    }
    return finishes(body);
  }

 private:
  /// Only as much of JSON as the answer needs: its members come in a known order.
  std::string finishes(std::string_view body) {
    constexpr std::string_view kId = R"({"id":")";
    constexpr std::string_view kFence = R"("fence":)";
    std::string made = R"({"tasks":[)";
    for (std::size_t at = body.find(kId); at != body.npos; at = body.find(kId, at)) {
      const std::string_view id = body.substr(at + kId.size(), 36);
      at = body.find(kFence, at) + kFence.size();
      const std::string_view fence = body.substr(at, body.find(',', at) - at);
      if (claimed_++ > 0) made += ',';
      made.append(kId).append(id).append(R"(","fence":)").append(fence);
      made.append(R"(,"outcome":"succeeded","result":{"ok":true}})");
    }
    return claimed_ == 0 ? "" : post("/v1/finishes", made + "]}");
  }

  const std::string claim_;
  Wrong& wrong_;
  std::size_t& finished_;
  std::size_t claimed_ = 0;
};

/// The id that fill_history gives the task with this number.
std::string filled_id(std::size_t number) {
  char text[40];
  std::snprintf(text, sizeof text, "01%06zx-%04zx-%04zx-%02zx00-000000000000", number >> 40,
                number >> 24 & 0xffff, number >> 8 & 0xffff, number & 0xff);
  return text;
}

/// Creates one task after the other in a queue of its own, each when the last one's event has come.
struct Probe {
  class Stream final : public LoadClient {
   public:
    explicit Stream(Probe& probe) : probe_(probe) {}
    std::string first() override { return get("/v1/events?queue=probe"); }
    std::string next(int status, std::string_view body) override {
      probe_.wrong.check(status, 200, body);
      return "";
    }
    void stream(std::string_view bytes) override {
      if (bytes.find("event: task") == bytes.npos) {
        if (probe_.events++ == 0) probe_.loop.send(probe_.asker, probe_.ask());  // it is open
        return;
      }
      const std::chrono::duration<double, std::milli> took = Steady::now() - probe_.asked_at;
      probe_.event_ms.push_back(took.count());
      probe_.has_event = true;
      if (probe_.has_answer) probe_.loop.send(probe_.asker, probe_.ask());
    }

   private:
    Probe& probe_;
  };

  std::string ask() {
    has_answer = has_event = false;
    asked_at = Steady::now();
    return post("/v1/tasks", task_json("probe", 0));
  }

  LoadLoop& loop;
  Wrong& wrong;
  std::size_t asker = 0;
  std::size_t events = 0;
  Steady::time_point asked_at{};
  bool has_answer = false;
  bool has_event = false;
  std::vector<double> event_ms{};
};

}  // namespace

Result<LoadReport> run_get(const LoadOptions& options) {
  Wrong wrong;
  Asking asking([request = get(options.path)] { return request; },
                [&](int status, std::string_view body) { wrong.check(status, 200, body); });
  return run_same(options, asking, wrong, 0);
}

Result<LoadReport> run_create(const LoadOptions& options) {
  Wrong wrong;
  Asking asking(creating(options, "bench"), [&](int status, std::string_view body) {
    wrong.check(status, options.batch == 1 ? 201 : 200, body);
  });
  auto report = run_same(options, asking, wrong, 0);
  if (report) report->tasks = report->result.answered_ms.size() * options.batch;
  return report;
}

Result<LoadReport> run_work(const LoadOptions& options) {
  LoadLoop loop(options.time);
  Wrong wrong;
  std::size_t finished = 0;
  std::vector<std::unique_ptr<Worker>> workers;
  for (std::size_t i = 0; i < options.connections; ++i) {
    workers.push_back(std::make_unique<Worker>(options, i, wrong, finished));
    if (const auto added = loop.add(*workers.back()); !added) return fail(added.error());
  }
  return finish(loop, wrong, finished);
}

Result<LoadReport> run_read(const LoadOptions& options) {
  Wrong wrong;
  std::uint64_t number = 0;
  Asking asking(
      [&] {
        ++number;
        const std::uint64_t mixed = number * 0x9E3779B97F4A7C15u >> 16;
        const std::uint64_t task = 1 + mixed % options.tasks;
        if (number % 2 == 0) return get("/v1/tasks/" + filled_id(task));
        // One of the kinds of list that a person looks at: the newest, of a state, of a queue.
        constexpr const char* kLists[] = {"", "&state=succeeded", "&queue=default",
                                          "&state=failed&state=cancelled"};
        return get(std::string("/v1/tasks?limit=50") + kLists[number / 2 % std::size(kLists)]);
      },
      [&](int status, std::string_view body) { wrong.check(status, 200, body); });
  return run_same(options, asking, wrong, 0);
}

Result<LoadReport> run_events(const LoadOptions& options) {
  LoadLoop loop(options.time);
  Wrong wrong;
  Probe probe{.loop = loop, .wrong = wrong};
  Probe::Stream stream(probe);
  Asking idle(
      [asked = std::size_t{0}, &options]() mutable {
        return asked++ < options.streams ? get("/v1/events?queue=idle") : std::string();
      },
      [&](int status, std::string_view body) { wrong.check(status, 200, body); });
  Asking busy(creating(options, "bench"),
              [&](int status, std::string_view body) { wrong.check(status, 201, body); });
  Asking asker([] { return std::string(); },
               [&](int status, std::string_view body) {
                 wrong.check(status, 201, body);
                 probe.has_answer = true;
                 if (probe.has_event) probe.loop.send(probe.asker, probe.ask());
               });
  std::vector<LoadClient*> clients(options.streams, &idle);
  clients.insert(clients.end(), options.connections, &busy);
  clients.push_back(&stream);
  clients.push_back(&asker);
  for (LoadClient* client : clients) {
    const auto added = loop.add(*client);
    if (!added) return fail(added.error());
    probe.asker = *added;
  }
  auto report = finish(loop, wrong, 0);
  if (!report) return report;
  report->event_ms = std::move(probe.event_ms);
  std::ranges::sort(report->event_ms);
  return report;
}

}  // namespace waybill::bench
