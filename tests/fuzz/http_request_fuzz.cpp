// Fuzz target for the HTTP request reader: however the bytes are cut, it makes the same of them, and
// keeps no more than its bounds.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "agent/adapters/http/request_reader.hpp"

namespace {

using namespace sundial;
using namespace sundial::http;

constexpr std::size_t kBody = 4096;

void require(bool holds) {
  if (!holds) std::abort();
}

struct Seen {
  std::vector<std::string> requests;
  int refusal = 0;

  bool operator==(const Seen&) const = default;
};

Seen read(std::string_view bytes, std::size_t piece) {
  static const BodyLimit limit = [](std::string_view) { return kBody; };
  RequestReader reader(limit);
  Seen seen;
  while (!bytes.empty()) {
    const std::size_t taken = reader.feed(bytes.substr(0, piece));
    require(taken <= std::min(piece, bytes.size()));
    bytes.remove_prefix(taken);
    if (reader.state() == RequestReader::State::refused) {
      seen.refusal = reader.refusal().status;
      require(seen.refusal >= 400 && seen.refusal < 600 && !reader.refusal().reason.empty());
      return seen;
    }
    if (reader.state() == RequestReader::State::complete) {
      const RequestHead head = reader.take();
      const HttpRequest& request = head.request;
      require(request.body.size() <= kBody && request.headers.size() <= kMaxHeaders);
      seen.requests.push_back(request.method + ' ' + request.path + '?' + request.query + '\n' +
                              request.body);
      for (const auto& [name, value] : request.headers) seen.requests.back() += '\n' + name + ':' + value;
    } else {
      require(taken > 0);  // else it would never end
    }
  }
  return seen;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);  // NOLINT: bytes are text here
  const Seen whole = read(bytes, bytes.size());
  require(read(bytes, 1) == whole);
  require(read(bytes, 7) == whole);
  return 0;
}
