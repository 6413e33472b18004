// Matching paths against the table.
#include "agent/api/route.hpp"

#include <optional>
#include <utility>

#include "platform/base/text.hpp"

namespace sundial::api {

namespace {

bool is_name(std::string_view part) {
  return part.size() > 2 && part.front() == '{' && part.back() == '}';
}

std::optional<std::string> decode(std::string_view part) {
  std::optional<std::string> decoded = percent_decode(part);
  if (decoded && !is_utf8(*decoded)) return std::nullopt;
  return decoded;
}

// The rest of a path as one argument, slashes and all.
std::string_view rest_from(std::string_view path, std::string_view part) {
  return path.substr(static_cast<std::size_t>(part.data() - path.data()));
}

// Only an argument that takes the rest of the path may be empty: the key of a rule without names.
bool is_empty_argument(std::string_view pattern, std::string_view part) {
  return is_name(pattern) && part.empty() && pattern[pattern.size() - 2] != '*';
}

// Undecoded arguments, where the pattern fits.
std::optional<Parameters> match(std::string_view pattern, std::string_view path,
                                const std::vector<std::string_view>& parts) {
  const std::vector<std::string_view> wanted = split(pattern, '/');
  Parameters arguments;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (i >= parts.size() || is_empty_argument(wanted[i], parts[i])) return std::nullopt;
    if (!is_name(wanted[i])) {
      if (wanted[i] != parts[i]) return std::nullopt;
      continue;
    }
    std::string_view name = wanted[i].substr(1, wanted[i].size() - 2);
    if (name.back() == '*') {
      name.remove_suffix(1);
      arguments.emplace_back(name, rest_from(path, parts[i]));
      return arguments;
    }
    arguments.emplace_back(name, parts[i]);
  }
  if (wanted.size() != parts.size()) return std::nullopt;
  return arguments;
}

}  // namespace

const Routes& all_routes() {
  static const Routes routes = [] {
    Routes all;
    for (const auto& group : {lab_routes(), agent_routes(), schedule_routes(), rule_routes(), outbox_routes(),
                              event_routes(), record_routes(), workflow_routes(), page_routes()}) {
      all.insert(all.end(), group.begin(), group.end());
    }
    return all;
  }();
  return routes;
}

Result<Match> find_route(const Routes& routes, std::string_view method, std::string_view path) {
  const std::vector<std::string_view> parts = split(path, '/');
  const std::string_view wanted = method == "HEAD" ? "GET" : method;
  Match found;
  for (const Route& route : routes) {
    std::optional<Parameters> arguments = match(route.pattern, path, parts);
    if (!arguments) continue;
    if (route.method != wanted) {
      found.allowed += (found.allowed.empty() ? "" : ", ") + std::string(route.method);
      continue;
    }
    for (auto& [name, value] : *arguments) {
      std::optional<std::string> decoded = decode(value);
      if (!decoded) return Error(ErrorKind::invalid, "the path is not percent-encoded UTF-8");
      value = std::move(*decoded);
    }
    return Match{&route, std::move(*arguments), {}};
  }
  if (found.allowed.empty()) return Error(ErrorKind::not_found, "there is nothing at " + printable(path));
  return found;
}

}  // namespace sundial::api
