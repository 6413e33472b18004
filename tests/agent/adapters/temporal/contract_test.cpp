// What every WorkflowService promises, tried against a frontend: the fake one, or the one whose address
// is in SUNDIAL_TEST_TEMPORAL.
#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "agent/adapters/temporal/resolver.hpp"
#include "agent/adapters/temporal/service.hpp"
#include "agent/adapters/temporal/transport.hpp"
#include "platform/base/text.hpp"
#include "platform/json/json.hpp"
#include "tests/support/fake_temporal.hpp"
#include "tests/support/until.hpp"

namespace sundial::temporal {
namespace {

std::string unique(std::string_view name) {
  static int counter = 0;
  const auto now = std::chrono::system_clock::now().time_since_epoch().count();
  return std::string(name) + "-" + std::to_string(now) + "-" + std::to_string(++counter);
}

// The real one's where the environment names one.
std::string address() {
  if (const char* real = std::getenv("SUNDIAL_TEST_TEMPORAL")) return real;
  static const test::FakeTemporal fake;
  return fake.address();
}

class Contract : public testing::Test {
 protected:
  void SetUp() override {
    settings_.addresses = {address()};
    settings_.task_queue = "nobody";
    auto service = make_service(settings_, "bench", nullptr);
    ASSERT_TRUE(service);
    service_ = std::move(*service);
  }

  static model::OutboxRecord record(model::ActionKind kind, const std::string& id, Map more = {}) {
    model::OutboxRecord record;
    record.kind = kind;
    record.action.set(kind == model::ActionKind::complete || kind == model::ActionKind::fail ||
                              kind == model::ActionKind::heartbeat
                          ? "workflow_id"
                          : "id",
                      id);
    for (const auto& [key, value] : more) record.action.set(*key.text(), value);
    record.request_id = unique("request");
    record.origin = {model::OriginKind::rule, "overheat", "oven", "message-1"};
    return record;
  }

  static model::OutboxRecord start(const std::string& id) {
    Map more;
    more.set("workflow", "Overheat");
    more.set("args", List{Verbatim{"{\"t\": 21.0,\"b\":[]}"}, Value("ä")});
    return record(model::ActionKind::start, id, more);
  }

  static model::OutboxRecord signal(const std::string& id) {
    Map more;
    more.set("name", "add message");
    more.set("args", List{Value(21.0)});
    return record(model::ActionKind::signal, id, more);
  }

  DeliveryAnswer deliver(const model::OutboxRecord& record, DeliveryMemory memory = {}) {
    for (;;) {
      DeliveryAnswer answer = service_->deliver(record, memory);
      if (!answer.prepared) return answer;
    }
  }

  std::size_t count_events(const std::string& id, std::string_view type) {
    const auto history = service_->history(id, "", "", 1000);
    if (!history) return 0;
    std::size_t found = 0;
    for (const Value& event : *history->find("items")->get_if<List>()) {
      if (*event.find("eventType")->text() == type) ++found;
    }
    return found;
  }

  // A real server's list of chains follows what happened a little later.
  bool is_listed(const std::string& id, std::int64_t times) {
    return testing_support::until([&] {
      const auto count = service_->count("WorkflowId = \"" + id + "\"");
      return count && *count == times;
    });
  }

  model::TemporalSettings settings_;
  std::unique_ptr<WorkflowService> service_;
};

TEST_F(Contract, AStartArrivesByteForByte) {
  const std::string id = unique("start ?#%&+;:é\n");
  const auto answer = deliver(start(id));
  ASSERT_EQ(answer.outcome, DeliveryOutcome::done) << answer.reason;
  EXPECT_FALSE(answer.run_id.empty());
  const auto described = service_->describe(id, "");
  ASSERT_TRUE(described) << described.error().message();
  EXPECT_EQ(described->workflow_id, id);
  EXPECT_EQ(described->type, "Overheat");
  EXPECT_EQ(described->status, "running");
  EXPECT_EQ(json::write(*described->details.find("memo")),
            R"({"device":"bench","event":"message-1","source":"rule/overheat"})");
  const auto history = service_->history(id, "", "", 10);
  ASSERT_TRUE(history);
  const Value& first = history->find("items")->get_if<List>()->front();
  EXPECT_EQ(json::write(*first.find("workflowExecutionStartedEventAttributes")->find("input")),
            "[{\"t\": 21.0,\"b\":[]},\"ä\"]");
}

TEST_F(Contract, ARepeatedStartIsOne) {
  auto record = start(unique("repeat"));
  const auto first = deliver(record);
  const auto second = deliver(record);
  EXPECT_EQ(second.outcome, DeliveryOutcome::done);
  EXPECT_EQ(second.run_id, first.run_id);
}

TEST_F(Contract, ATakenIdEndsTheFiringOrIsRenamed) {
  const std::string id = unique("taken");
  const auto first = deliver(start(id));
  auto other = start(id);
  const auto refused = deliver(other);
  EXPECT_EQ(refused.outcome, DeliveryOutcome::already_running);
  EXPECT_EQ(refused.run_id, first.run_id);
  other.id_left_out = true;
  other.request_id = "abcdef0123456789" + unique("");
  DeliveryMemory memory;
  EXPECT_EQ(service_->deliver(other, memory).outcome, DeliveryOutcome::name_taken);
  EXPECT_EQ(memory.renamed_id, id + "-abcdef01");
  EXPECT_EQ(service_->deliver(other, memory).outcome, DeliveryOutcome::done);
  EXPECT_TRUE(service_->describe(id + "-abcdef01", ""));
}

TEST_F(Contract, PoliciesForTakenIds) {
  const std::string id = unique("policy");
  const auto first = deliver(start(id));
  auto use = start(id);
  use.action.set("if_running", "use_existing");
  EXPECT_EQ(deliver(use).run_id, first.run_id);
  auto replace = start(id);
  replace.action.set("if_running", "terminate_existing");
  replace.id_names_event = true;
  const auto replaced = deliver(replace);
  EXPECT_EQ(replaced.outcome, DeliveryOutcome::done) << replaced.reason;
  EXPECT_NE(replaced.run_id, first.run_id);
  ASSERT_EQ(deliver(record(model::ActionKind::terminate, id)).outcome, DeliveryOutcome::done);
  auto reject = start(id);
  reject.action.set("reuse", "reject");
  EXPECT_EQ(deliver(reject).outcome, DeliveryOutcome::already_running);
  replace.action.set("reuse", "reject");
  replace.action.erase("if_running");
  EXPECT_EQ(deliver(replace).run_id, replaced.run_id) << "its own request id";
}

TEST_F(Contract, ARepeatOfUnknownOutcomeStartsNoThirdRun) {
  const std::string id = unique("reused");
  auto lost = start(id);
  DeliveryMemory memory;
  memory.outcome_unknown = true;
  memory.first_try = std::chrono::floor<Millis>(std::chrono::system_clock::now()) - std::chrono::seconds(2);
  deliver(lost);
  deliver(record(model::ActionKind::terminate, id));
  deliver(start(id));
  deliver(record(model::ActionKind::terminate, id));
  ASSERT_TRUE(is_listed(id, 2));
  const DeliveryAnswer answer = service_->deliver(lost, memory);
  EXPECT_EQ(answer.outcome, DeliveryOutcome::already_done) << answer.reason;
}

TEST_F(Contract, ASignalOfUnknownOutcomeIsOne) {
  const std::string id = unique("signal");
  deliver(start(id));
  const auto record = signal(id);
  EXPECT_EQ(deliver(record).outcome, DeliveryOutcome::done);
  DeliveryMemory memory;
  memory.outcome_unknown = true;
  memory.first_try = std::chrono::floor<Millis>(std::chrono::system_clock::now());
  EXPECT_EQ(deliver(record, memory).outcome, DeliveryOutcome::already_done);
  EXPECT_EQ(count_events(id, "EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED"), 1u);
}

TEST_F(Contract, ASignalToNobodyIsRefused) {
  const auto answer = deliver(signal(unique("nobody")));
  EXPECT_EQ(answer.outcome, DeliveryOutcome::dead);
  EXPECT_EQ(answer.refusal, ErrorKind::not_found);
}

TEST_F(Contract, SignalWithStartIsOnce) {
  const std::string id = unique("both");
  Map more;
  more.set("workflow", "DeviceWatch");
  more.set("name", "lost");
  more.set("start_args", List{Value("oven")});
  more.set("args", List{Value("now")});
  const auto both = record(model::ActionKind::signal_with_start, id, more);
  EXPECT_EQ(deliver(both).outcome, DeliveryOutcome::done);
  DeliveryMemory memory;
  memory.outcome_unknown = true;
  memory.first_try = std::chrono::floor<Millis>(std::chrono::system_clock::now()) - std::chrono::seconds(2);
  EXPECT_EQ(deliver(both, memory).outcome, DeliveryOutcome::already_done);
  EXPECT_EQ(count_events(id, "EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED"), 1u);
}

TEST_F(Contract, StoppingMeansOneChain) {
  const std::string id = unique("stop");
  deliver(start(id));
  const auto stop = record(model::ActionKind::terminate, id);
  DeliveryMemory memory;
  EXPECT_TRUE(service_->deliver(stop, memory).prepared);
  EXPECT_FALSE(memory.first_run_id.empty());
  EXPECT_EQ(service_->deliver(stop, memory).outcome, DeliveryOutcome::done);
  deliver(start(id));
  memory.outcome_unknown = true;
  EXPECT_EQ(service_->deliver(stop, memory).outcome, DeliveryOutcome::already_done);
  EXPECT_EQ(service_->describe(id, "")->status, "running");
}

TEST_F(Contract, ResultsWaitAndTellTheEnd) {
  const std::string id = unique("result");
  deliver(start(id));
  const auto waiting = service_->result(id, "", Millis(300));
  ASSERT_TRUE(waiting) << waiting.error().message();
  EXPECT_EQ(waiting->status, "running");
  const auto at_once = service_->result(id, "", Millis(0));
  ASSERT_TRUE(at_once) << at_once.error().message();
  EXPECT_EQ(at_once->status, "running");
  Map reason;
  reason.set("reason", "enough");
  deliver(record(model::ActionKind::terminate, id, reason));
  const auto ended = service_->result(id, "", Millis(3000));
  ASSERT_TRUE(ended) << ended.error().message();
  EXPECT_EQ(ended->status, "terminated");
  EXPECT_EQ(json::write(ended->failure), R"({"message":"enough","type":"TerminatedError"})");
  EXPECT_EQ(service_->result(unique("nobody"), "", Millis(0)).error().kind(), ErrorKind::not_found);
}

TEST_F(Contract, IdsThatCannotBeAddressedAreRefused) {
  for (const std::string& id :
       {std::string("a/b"), std::string(""), std::string("\xff"), std::string(1001, 'x')}) {
    const auto answer = deliver(start(id));
    EXPECT_EQ(answer.outcome, DeliveryOutcome::dead) << id;
    EXPECT_EQ(answer.refusal, ErrorKind::invalid);
  }
}

TEST_F(Contract, AnUnknownNamespaceHolds) {
  settings_.name_space = "nope";
  const auto elsewhere = make_service(settings_, "bench", nullptr);
  ASSERT_TRUE(elsewhere);
  EXPECT_EQ((*elsewhere)->probe().outcome, DeliveryOutcome::hold);
  DeliveryMemory memory;
  EXPECT_EQ((*elsewhere)->deliver(start(unique("x")), memory).outcome, DeliveryOutcome::hold);
}

TEST_F(Contract, AWrongPathHolds) {
  settings_.addresses[0] += "/elsewhere";
  const auto elsewhere = make_service(settings_, "bench", nullptr);
  EXPECT_EQ((*elsewhere)->probe().outcome, DeliveryOutcome::hold);
}

TEST_F(Contract, NobodyThereIsUnreachable) {
  settings_.addresses = {"http://127.0.0.1:1"};
  const auto elsewhere = make_service(settings_, "bench", nullptr);
  const auto answer = (*elsewhere)->probe();
  EXPECT_EQ(answer.outcome, DeliveryOutcome::retry);
  EXPECT_TRUE(answer.unreachable);
}

TEST_F(Contract, TheNextAddressIsTried) {
  settings_.addresses.insert(settings_.addresses.begin(), "http://127.0.0.1:1");
  const auto both = make_service(settings_, "bench", nullptr);
  EXPECT_EQ((*both)->probe().outcome, DeliveryOutcome::done);
}

TEST_F(Contract, ActivitiesThatAreNotThere) {
  const std::string id = unique("activity");
  deliver(start(id));
  Map more;
  more.set("activity_id", "a");
  const auto complete = record(model::ActionKind::complete, id, more);
  EXPECT_EQ(deliver(complete).outcome, DeliveryOutcome::dead);
  DeliveryMemory memory;
  memory.outcome_unknown = true;
  EXPECT_EQ(deliver(complete, memory).outcome, DeliveryOutcome::already_done);
  EXPECT_EQ(deliver(record(model::ActionKind::fail, id, more)).outcome, DeliveryOutcome::dead);
}

TEST_F(Contract, ListsAndCounts) {
  const std::string id = unique("listed");
  deliver(start(id));
  const std::string query = "WorkflowId = \"" + id + "\"";
  ASSERT_TRUE(is_listed(id, 1));
  const auto page = service_->list(query, "", 10);
  ASSERT_TRUE(page);
  EXPECT_EQ(*page->find("items")->get_if<List>()->front().find("workflow_id")->text(), id);
  EXPECT_EQ(service_->list("not a query", "", 10).error().kind(), ErrorKind::invalid);
}

// What only a frontend of our own does when it is told to: there are no such tests of a real server.
class Faults : public Contract, public ::testing::WithParamInterface<const char*> {
 protected:
  void fault(const std::string& order) {
    auto connection = open_connection(*parse_address(address()), {}, resolver_);
    ASSERT_TRUE(connection);
    Call call;
    call.method = "POST";
    call.path = "/fault";
    call.body = order;
    ASSERT_EQ((*connection)->send(call, "").status, 200);
  }

  Resolver resolver_;
};

TEST_P(Faults, ALostAnswerIsNoSecondEffect) {
  const std::string id = unique("lost");
  ASSERT_EQ(service_->probe().outcome, DeliveryOutcome::done);
  const auto begin = start(id);
  DeliveryMemory memory;
  fault(R"({"count":1,"kind":"drop_after"})");
  EXPECT_EQ(service_->deliver(begin, memory).outcome, DeliveryOutcome::retry);
  EXPECT_TRUE(memory.outcome_unknown);
  EXPECT_TRUE(memory.first_try);
  EXPECT_EQ(service_->deliver(begin, memory).outcome, DeliveryOutcome::already_done);
  const auto add = signal(id);
  DeliveryMemory signalled;
  fault(R"({"count":1,"kind":"drop_after"})");
  EXPECT_EQ(service_->deliver(add, signalled).outcome, DeliveryOutcome::retry);
  EXPECT_EQ(service_->deliver(add, signalled).outcome, DeliveryOutcome::already_done);
  EXPECT_EQ(count_events(id, "EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED"), 1u);
}

TEST_P(Faults, ALostRequestIsSentAgain) {
  const std::string id = unique("lost");
  deliver(start(id));
  const auto add = signal(id);
  DeliveryMemory memory;
  fault(R"({"count":1,"kind":"drop_before"})");
  EXPECT_EQ(service_->deliver(add, memory).outcome, DeliveryOutcome::retry);
  EXPECT_EQ(service_->deliver(add, memory).outcome, DeliveryOutcome::already_done);
  EXPECT_EQ(count_events(id, "EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED"), 1u);
}

TEST_P(Faults, StrangersAndTroubleAreToldApart) {
  const auto record = start(unique("trouble"));
  DeliveryMemory memory;
  fault(R"({"count":1,"kind":"garbage"})");
  EXPECT_EQ(service_->probe().outcome, DeliveryOutcome::hold);
  fault(R"({"count":1,"kind":"status","status":503})");
  EXPECT_EQ(service_->probe().outcome, DeliveryOutcome::retry);
  fault(R"({"count":1,"kind":"status","status":500,"code":13})");
  EXPECT_TRUE(service_->probe().poison_suspect);
  EXPECT_EQ(service_->deliver(record, memory).outcome, DeliveryOutcome::done);
}

TEST_P(Faults, AfterTheRetentionNothingIsRepeated) {
  DeliveryMemory memory;
  memory.outcome_unknown = true;
  memory.first_try = std::chrono::floor<Millis>(std::chrono::system_clock::now()) - std::chrono::hours(25);
  const auto answer = service_->deliver(start(unique("old")), memory);
  EXPECT_EQ(answer.outcome, DeliveryOutcome::dead);
}

TEST_P(Faults, ADrippingServerMeetsTheDeadline) {
  auto connection = open_connection(*parse_address(address()), {}, resolver_);
  fault(R"({"count":1,"kind":"delay","seconds":3600})");
  Call call;
  call.method = "GET";
  call.path = "/api/v1/namespaces/default";
  call.deadline = Millis(300);  // nothing but this ends it while anybody looks
  EXPECT_EQ((*connection)->send(call, "").kind, Reply::Kind::unknown);
}

std::vector<const char*> frontends_with_faults() {
  if (std::getenv("SUNDIAL_TEST_TEMPORAL") != nullptr) return {};
  return {"OfOurOwn"};
}

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(Faults);
INSTANTIATE_TEST_SUITE_P(Frontend, Faults, ::testing::ValuesIn(frontends_with_faults()),
                         [](const auto& frontend) { return std::string(frontend.param); });

}  // namespace
}  // namespace sundial::temporal
