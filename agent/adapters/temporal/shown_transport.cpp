// Shows every exchange to who asked for --verbose. The API key is no part of a call, and never shown.
#include "agent/adapters/temporal/shown_transport.hpp"

#include <fmt/format.h>

#include <chrono>

#include "platform/base/text.hpp"

namespace sundial::temporal {
namespace {

constexpr std::size_t kLongestBody = 4000;

}  // namespace

Reply ShownTransport::send(const Call& call) {
  show_(fmt::format("> {} {}{}", call.method, call.path, authorized_ ? "  Authorization: Bearer ****" : ""));
  if (!call.body.empty()) show_("> " + printable(call.body, kLongestBody));
  const auto before = std::chrono::steady_clock::now();
  Reply reply = inner_.send(call);
  const auto took = std::chrono::duration_cast<Millis>(std::chrono::steady_clock::now() - before);
  if (reply.kind == Reply::Kind::answered) {
    show_(fmt::format("< {} after {} ms", reply.status, took.count()));
    show_("< " + printable(reply.body, kLongestBody));
  } else {
    show_(fmt::format("< no answer after {} ms: {}", took.count(), reply.problem));
  }
  return reply;
}

}  // namespace sundial::temporal
