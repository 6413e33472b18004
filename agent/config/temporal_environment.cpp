// TEMPORAL_* and temporal.toml.
#include "agent/config/temporal_environment.hpp"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "agent/config/address.hpp"
#include "agent/config/document.hpp"
#include "agent/config/toml_tree.hpp"
#include "platform/base/text.hpp"

namespace sundial::config {
namespace {

using model::Node;
using model::Position;
using model::Problem;
using model::TemporalSettings;

// A value with the name or place it came from, for problems.
struct Given {
  std::string value;
  Position from;
};

// What Temporal's own names or a profile say.
struct Overrides {
  std::optional<Given> address, name_space, api_key, task_queue, tls, cert, key, ca, server_name, skip_verify;
};

std::optional<Given> variable(const Environment& environment, std::initializer_list<const char*> names) {
  for (const char* name : names) {
    const auto found = environment.find(name);
    if (found != environment.end() && !found->second.empty()) return Given{found->second, {name, 0, 0}};
  }
  return std::nullopt;
}

std::optional<bool> parse_boolean(std::string_view text) {
  const std::string word = lower_ascii(trim(text));
  if (word == "true" || word == "1") return true;
  if (word == "false" || word == "0") return false;
  return std::nullopt;
}

std::optional<Given> member(const Node* table, std::string_view key) {
  const Node* node = table == nullptr ? nullptr : table->find(key);
  if (node == nullptr) return std::nullopt;
  if (const auto* text = std::get_if<std::string>(&node->data)) return Given{*text, node->at};
  if (const auto* truth = std::get_if<bool>(&node->data)) return Given{*truth ? "true" : "false", node->at};
  return std::nullopt;
}

// What a profile gives by its text goes the way of a path; where both are given the path holds.
std::optional<Given> file_member(const Node* table, const std::string& name, const Files& files,
                                 std::vector<Problem>& problems) {
  if (auto path = member(table, name + "_path")) return path;
  const auto text = member(table, name + "_data");
  if (!text || text->value.empty()) return std::nullopt;
  auto held = files.hold ? files.hold(text->value)
                         : Result<std::string>(Error(ErrorKind::unsupported, "give a path instead"));
  if (held) return Given{std::move(*held), text->from};
  problems.push_back({text->from, name + "_data", held.error().message()});
  return std::nullopt;
}

std::string profile_file(const Environment& environment) {
  if (const auto named = variable(environment, {"TEMPORAL_CONFIG_FILE"})) return named->value;
  if (const auto folder = variable(environment, {"XDG_CONFIG_HOME"}))
    return folder->value + "/temporalio/temporal.toml";
  if (const auto home = variable(environment, {"HOME"}))
    return home->value + "/.config/temporalio/temporal.toml";
  return {};
}

Overrides overrides_of_profile(const Environment& environment, const Files& files,
                               std::vector<Problem>& problems, std::vector<std::string>& notes) {
  Overrides found;
  const auto chosen = variable(environment, {"TEMPORAL_PROFILE"});
  if (!chosen && !variable(environment, {"TEMPORAL_CONFIG_FILE"})) return found;
  const std::string path = profile_file(environment);
  Document document;
  const auto text = read_text(files, path, document);
  Node tree{model::Table{}, {}};
  if (text) tree = parse_toml(*text, path, document.problems);
  problems.insert(problems.end(), document.problems.begin(), document.problems.end());
  if (!document.problems.empty()) return found;
  const std::string name = chosen ? chosen->value : "default";
  const Node* profiles = tree.find("profile");
  const Node* profile = profiles == nullptr ? nullptr : profiles->find(name);
  if (profile == nullptr) {
    problems.push_back({{path, 0, 0}, "", fmt::format("has no [profile.{}]", printable(name, 60))});
    return found;
  }
  for (const char* left_out : {"codec", "grpc_meta"}) {
    if (profile->find(left_out) == nullptr) continue;
    notes.push_back(fmt::format("{}: [profile.{}] {} is not for the HTTP API, and left out", path,
                                printable(name, 60), left_out));
  }
  const Node* tls = profile->find("tls");
  found.address = member(profile, "address");
  found.name_space = member(profile, "namespace");
  found.api_key = member(profile, "api_key");
  found.cert = file_member(tls, "client_cert", files, problems);
  found.key = file_member(tls, "client_key", files, problems);
  found.ca = file_member(tls, "server_ca_cert", files, problems);
  found.server_name = member(tls, "server_name");
  found.skip_verify = member(tls, "disable_host_verification");
  if (const auto disabled = member(tls, "disabled")) {
    found.tls = Given{disabled->value == "true" ? "false" : "true", disabled->from};
  }
  return found;
}

void take(std::optional<Given>& into, std::optional<Given> given) {
  if (given) into = std::move(given);
}

void take_variables(const Environment& environment, Overrides& into) {
  take(into.address, variable(environment, {"TEMPORAL_ADDRESS"}));
  take(into.name_space, variable(environment, {"TEMPORAL_NAMESPACE"}));
  take(into.api_key, variable(environment, {"TEMPORAL_API_KEY"}));
  take(into.task_queue, variable(environment, {"TEMPORAL_TASK_QUEUE"}));
  take(into.tls, variable(environment, {"TEMPORAL_TLS"}));
  take(into.cert, variable(environment, {"TEMPORAL_TLS_CLIENT_CERT_PATH", "TEMPORAL_TLS_CERT"}));
  take(into.key, variable(environment, {"TEMPORAL_TLS_CLIENT_KEY_PATH", "TEMPORAL_TLS_KEY"}));
  take(into.ca, variable(environment, {"TEMPORAL_TLS_SERVER_CA_CERT_PATH"}));
  take(into.server_name, variable(environment, {"TEMPORAL_TLS_SERVER_NAME"}));
  take(into.skip_verify, variable(environment, {"TEMPORAL_TLS_DISABLE_HOST_VERIFICATION"}));
}

std::optional<bool> boolean_of(const std::optional<Given>& given, std::vector<Problem>& problems) {
  if (!given) return std::nullopt;
  const auto truth = parse_boolean(given->value);
  if (!truth) problems.push_back({given->from, "[temporal] tls", "expected true or false"});
  return truth;
}

void take_tls(const Overrides& given, model::TlsSettings& tls, std::vector<Problem>& problems) {
  const auto set = [&tls](std::string& member, const std::optional<Given>& value) {
    if (!value) return;
    member = value->value;
    tls.enabled = true;
  };
  set(tls.cert, given.cert);
  set(tls.key, given.key);
  set(tls.ca, given.ca);
  set(tls.server_name, given.server_name);
  if (const auto skip = boolean_of(given.skip_verify, problems)) tls.verify_host = !*skip;
  if (const auto enabled = boolean_of(given.tls, problems)) tls.enabled = *enabled;
}

// Turns every address into the HTTP API's, or says why not.
class Addresses {
 public:
  Addresses(TemporalSettings& into, std::vector<Problem>& problems, std::vector<std::string>& notes)
      : into_(into), problems_(problems), notes_(notes) {}

  void resolve(const std::optional<Given>& http, const std::optional<Given>& given,
               const WrittenAddresses& written) {
    if (http) {
      set({take(temporal_http_address(http->value, into_.tls.enabled), http->from)});
      if (given && is_bare(given->value)) tell_ignored(*given);
      return;
    }
    const bool file_speaks_http =
        written.written && std::none_of(into_.addresses.begin(), into_.addresses.end(),
                                        [](const auto& address) { return is_bare(address); });
    if (given && is_bare(given->value) && file_speaks_http) {
      tell_ignored(*given);
      resolve_own(written);
    } else if (given) {
      set({take(temporal_address(given->value, into_.tls.enabled), given->from)});
    } else {
      resolve_own(written);
    }
  }

 private:
  void tell_ignored(const Given& given) {
    notes_.push_back(fmt::format("{}: {} is gRPC's address, meant for workers; the HTTP API stays at {}",
                                 given.from.file.text(), printable(given.value, 80),
                                 into_.addresses.front()));
  }

  void resolve_own(const WrittenAddresses& written) {
    if (!written.written && into_.tls.enabled) into_.addresses = {"https://localhost:7243"};
    std::vector<std::string> resolved;
    for (const std::string& address : into_.addresses) {
      resolved.push_back(take(temporal_address(address, into_.tls.enabled), written.at));
    }
    set(std::move(resolved));
  }

  std::string take(Result<TemporalAddress> address, const Position& from) {
    if (!address) {
      problems_.push_back({from, "[temporal] address", address.error().message()});
      return {};
    }
    if (!address.value().note.empty()) {
      const std::string prefix =
          from.line == 0 && !from.file.text().empty() ? from.file.text() + ": " : "[temporal] address: ";
      notes_.push_back(prefix + address.value().note);
    }
    return address.value().url;
  }

  void set(std::vector<std::string> addresses) {
    into_.addresses = std::move(addresses);
    for (const std::string& address : into_.addresses) {
      if (!address.starts_with("http://")) continue;
      if (into_.tls.enabled) {
        notes_.push_back(fmt::format("[temporal] tls is set, but {} is spoken to without it", address));
      }
    }
  }

  TemporalSettings& into_;
  std::vector<Problem>& problems_;
  std::vector<std::string>& notes_;
};

}  // namespace

void apply_temporal_environment(const Environment& environment, const Files& files,
                                const WrittenAddresses& written, TemporalSettings& into,
                                std::vector<Problem>& problems, std::vector<std::string>& notes) {
  Overrides given = overrides_of_profile(environment, files, problems, notes);
  take_variables(environment, given);
  if (given.name_space) into.name_space = given.name_space->value;
  if (given.task_queue) into.task_queue = given.task_queue->value;
  if (given.api_key) {
    into.api_key = given.api_key->value;
    into.api_key_file.clear();
  }
  take_tls(given, into.tls, problems);
  Addresses(into, problems, notes)
      .resolve(variable(environment, {"TEMPORAL_HTTP_ADDRESS"}), given.address, written);
}

}  // namespace sundial::config
