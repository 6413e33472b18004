// The whole surface over a fake agent, called in-process: requests in, answers out.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "agent/api/api.hpp"
#include "platform/base/log.hpp"
#include "platform/fake/event_loop.hpp"
#include "platform/fake/log_sink.hpp"
#include "platform/json/json.hpp"
#include "tests/agent/api/fake_agent.hpp"

namespace sundial::api {

struct Given {
  bool answered = false;
  bool streaming = false;
  HttpResponse response;
  std::string stream;
  bool reader_gone = false;

  Value json() const {
    const Result<Value> parsed = json::parse(response.body);
    return parsed ? *parsed : Value();
  }
  std::string header(std::string_view name) const {
    for (const auto& [key, value] : response.headers) {
      if (key == name) return value;
    }
    return "";
  }
};

class RecordingReply final : public HttpReply {
 public:
  explicit RecordingReply(std::shared_ptr<Given> given) : given_(std::move(given)) {}
  void send(HttpResponse response) override {
    given_->answered = true;
    given_->response = std::move(response);
  }
  void begin_stream(HttpResponse head) override {
    given_->streaming = true;
    given_->response = std::move(head);
  }
  bool write(std::string_view chunk) override {
    if (given_->reader_gone) return false;
    given_->stream += chunk;
    return true;
  }
  void end() override { given_->streaming = false; }

 private:
  std::shared_ptr<Given> given_;
};

class Surface {
 public:
  explicit Surface(GateSettings gate = {}, std::map<std::string, std::string> secrets = {}) {
    gate.listen = gate.listen.empty() ? "127.0.0.1:8000" : gate.listen;
    settings = ApiSettings{std::move(gate), std::move(secrets), [] { return ProcessFigures{}; },
                           [this] { return disk_bytes; }};
    restart();
  }

  // As after the process's end: what the agent has kept is all that is known.
  void restart() {
    api.reset();
    api = std::make_unique<Api>(loop, agent, log, settings);
  }

  HttpRequest request(std::string method, std::string target, std::string body = "") const {
    HttpRequest request;
    request.method = std::move(method);
    const std::size_t question = target.find('?');
    request.path = target.substr(0, question);
    if (question != std::string::npos) request.query = target.substr(question + 1);
    request.headers = {{"host", "localhost:8000"}};
    request.body = std::move(body);
    request.peer = "127.0.0.1";
    request.peer_is_loopback = true;
    request.local_address = "127.0.0.1";
    return request;
  }

  std::shared_ptr<Given> ask(HttpRequest request) {
    auto given = std::make_shared<Given>();
    api->handle(std::move(request), std::make_shared<RecordingReply>(given));
    return given;
  }
  std::shared_ptr<Given> ask(std::string method, std::string target, std::string body = "") {
    return ask(request(std::move(method), std::move(target), std::move(body)));
  }
  // Status and body of an answer, in one line.
  std::string say(std::string method, std::string target, std::string body = "") {
    const auto given = ask(std::move(method), std::move(target), std::move(body));
    if (!given->answered) return "no answer";
    std::string text = given->response.body;
    while (!text.empty() && text.back() == '\n') text.pop_back();
    return std::to_string(given->response.status) + " " + text;
  }

  FakeEventLoop loop;
  FakeAgent agent;
  FakeLogSink sink;
  Log log{sink, LogSeverity::debug, [this] { return loop.now().wall; }};
  std::optional<std::uint64_t> disk_bytes;
  ApiSettings settings;
  std::unique_ptr<Api> api;
};

}  // namespace sundial::api
