// Which connection a call goes over.
#include "agent/adapters/temporal/pool.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <fstream>
#include <iterator>

#include "platform/base/text.hpp"

namespace sundial::temporal {
namespace {

constexpr auto kKeepIdle = std::chrono::seconds(100);  // the server closes after 120
constexpr auto kLookAtFiles = std::chrono::seconds(1);

std::string stamp_of(const std::string& file) {
  if (file.empty()) return "";
  struct stat status {};
  if (stat(file.c_str(), &status) != 0) return "missing;";
  return fmt::format("{}.{}.{}.{};", status.st_mtim.tv_sec, status.st_mtim.tv_nsec, status.st_size,
                     status.st_ino);
}

Breakers::Outcome outcome_of(const Reply& reply) {
  if (reply.kind == Reply::Kind::not_sent) return Breakers::Outcome::unreachable;
  const bool whole = reply.kind == Reply::Kind::answered && reply.status < 500;
  // A kept connection that was found closed says nothing of the server.
  return whole || reply.kept ? Breakers::Outcome::answered : Breakers::Outcome::failing;
}

std::string read_file(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

}  // namespace

Result<std::unique_ptr<Pool>> Pool::create(const model::TemporalSettings& settings) {
  std::vector<Endpoint> endpoints;
  for (const std::string& text : settings.addresses) {
    auto address = parse_address(text);
    if (!address) return address.error();
    endpoints.push_back({std::move(*address), {}});
  }
  if (endpoints.empty()) return Error(ErrorKind::invalid, "no address of Temporal is set");
  return std::unique_ptr<Pool>(new Pool(settings, std::move(endpoints)));
}

Pool::Pool(model::TemporalSettings settings, std::vector<Endpoint> endpoints)
    : settings_(std::move(settings)), endpoints_(std::move(endpoints)), breakers_(endpoints_.size()) {}

Reply Pool::send(const Call& call) {
  const std::string authorization = this->authorization();
  const std::vector<std::size_t> order = [this] {
    const std::lock_guard lock(mutex_);
    return breakers_.order(Clock::now());
  }();
  Reply reply;
  std::string problems;
  for (const std::size_t index : order) {
    const bool last = index == order.back();
    {
      const std::lock_guard lock(mutex_);
      // The last is tried whatever it is: whoever asks paces himself when nobody answers.
      if (!breakers_.begin(index, Clock::now()) && !last) continue;
    }
    reply = try_address(index, call, authorization);
    {
      const std::lock_guard lock(mutex_);
      breakers_.note(index, outcome_of(reply), Clock::now());
    }
    if (reply.kind != Reply::Kind::not_sent) break;
    problems += (problems.empty() ? "" : "; ") + endpoints_[index].address.text + ": " + reply.problem;
    reply.problem = problems;
  }
  return reply;
}

// The server may have closed a kept connection meanwhile; a question that changes nothing is simply
// asked again. What has an effect is its sender's to repeat.
Reply Pool::try_address(std::size_t index, const Call& call, const std::string& authorization) {
  Reply reply = send_to(index, call, authorization);
  if (reply.kind != Reply::Kind::unknown || !reply.kept) return reply;
  forget_idle(index);
  return call.method == "GET" ? send_to(index, call, authorization) : reply;
}

Reply Pool::send_to(std::size_t index, const Call& call, const std::string& authorization) {
  auto connection = take(index);
  Reply reply;
  if (!connection) {
    reply.problem = connection.error().message();
    return reply;
  }
  reply = (*connection)->send(call, authorization);
  if (reply.kind == Reply::Kind::answered) give_back(index, std::move(*connection));
  return reply;
}

Result<std::unique_ptr<Connection>> Pool::take(std::size_t index) {
  const std::lock_guard lock(mutex_);
  Endpoint& endpoint = endpoints_[index];
  const auto now = Clock::now();
  std::erase_if(endpoint.idle, [now](const Kept& kept) { return now - kept.since > kKeepIdle; });
  if (endpoint.idle.empty()) return open_connection(endpoint.address, settings_.tls, resolver_);
  std::unique_ptr<Connection> connection = std::move(endpoint.idle.back().connection);
  endpoint.idle.pop_back();
  return connection;
}

void Pool::give_back(std::size_t index, std::unique_ptr<Connection> connection) {
  const std::lock_guard lock(mutex_);
  endpoints_[index].idle.push_back({std::move(connection), Clock::now()});
}

// Where one kept connection was found closed the others are too.
void Pool::forget_idle(std::size_t index) {
  const std::lock_guard lock(mutex_);
  endpoints_[index].idle.clear();
}

std::string Pool::authorization() {
  const std::lock_guard lock(mutex_);
  look_at_files();
  return authorization_;
}

// A renewed certificate or key is used from the next call on, without a restart.
void Pool::look_at_files() {
  const auto now = Clock::now();
  if (!stamp_.empty() && now - looked_ < kLookAtFiles) return;
  looked_ = now;
  const std::string stamp = "." + stamp_of(settings_.api_key_file) + stamp_of(settings_.tls.ca) +
                            stamp_of(settings_.tls.cert) + stamp_of(settings_.tls.key);
  if (stamp == stamp_) return;
  stamp_ = stamp;
  for (Endpoint& endpoint : endpoints_) endpoint.idle.clear();
  std::string key = settings_.api_key;
  if (!settings_.api_key_file.empty()) key = read_file(settings_.api_key_file);
  key = std::string(trim(key));
  authorization_ = key.empty() ? "" : "Bearer " + key;
}

}  // namespace sundial::temporal
