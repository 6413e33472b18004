// Finding the agent, asking it, and printing what it says.
#include "agent/cli/agent_session.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <ostream>

#include "agent/cli/configuration.hpp"
#include "platform/base/text.hpp"
#include "platform/json/json.hpp"

namespace sundial::cli {
namespace {

constexpr std::size_t kMostOfAToken = 4096;
constexpr std::size_t kWidestCell = 60;

// "0.0.0.0:8000" is listened on, but called as 127.0.0.1.
std::string url_of(const std::string& listen, bool tls) {
  if (listen.find("://") != std::string::npos) return listen.substr(0, listen.find_last_not_of('/') + 1);
  std::string address = listen;
  for (const std::string_view any : {"0.0.0.0:", "[::]:", ":"}) {
    if (address.starts_with(any)) {
      address = "127.0.0.1:" + address.substr(any.size());
      break;
    }
  }
  return (tls ? "https://" : "http://") + address;
}

const Value* value_at(const Value& document, std::string_view path) {
  const Value* value = &document;
  for (const std::string_view part : split(path, '.')) {
    value = value->find(part);
    if (value == nullptr) return nullptr;
  }
  return value;
}

std::string cell_text(const Value& value) {
  if (value.is_null()) return "";
  return printable(value.text() != nullptr ? *value.text() : json::write(value), 400);
}

std::string fitted(std::string text, std::size_t width) {
  if (code_points(text) <= width) return text;
  std::size_t end = 0;
  for (std::size_t points = 0; end < text.size() && points < width - 1; ++points) {
    ++end;
    while (end < text.size() && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) ++end;
  }
  return text.substr(0, end) + "…";
}

std::string padded(const std::string& text, std::size_t width) {
  const std::size_t points = code_points(text);
  return points >= width ? text : text + std::string(width - points, ' ');
}

// Takes from the widest column until the line fits, but leaves each enough to be recognised.
void narrow(std::vector<std::size_t>& widths, std::size_t columns) {
  constexpr std::size_t kNarrowest = 8;
  constexpr std::size_t kGap = 2;
  std::size_t line = kGap * (widths.size() - 1);
  for (const std::size_t width : widths) line += width;
  while (line > columns) {
    const auto widest = std::max_element(widths.begin(), widths.end());
    if (*widest <= kNarrowest) return;
    --*widest;
    --line;
  }
}

void print_table(std::ostream& out, const std::vector<std::vector<std::string>>& rows,
                 const Terminal& terminal) {
  std::vector<std::size_t> widths(rows.front().size(), 0);
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], code_points(row[i]));
  }
  if (terminal.columns > 0) narrow(widths, terminal.columns);
  for (const auto& row : rows) {
    const bool heading = terminal.colour && &row == &rows.front();
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) line += padded(fitted(row[i], widths[i]), widths[i] + 2);
    line.erase(line.find_last_not_of(' ') + 1);
    out << (heading ? "\033[1m" + line + "\033[0m" : line) << '\n';
  }
}

// Members of members as "outbox.entries"; depth is bounded by the reader of the JSON.
void print_members(std::ostream& out, const std::string& prefix, const Map& map) {
  for (const auto& [key, value] : map) {
    const std::string name = prefix + (key.text() == nullptr ? json::write(key) : *key.text());
    if (const Map* inner = value.get_if<Map>(); inner != nullptr && !inner->empty()) {
      print_members(out, name + ".", *inner);
    } else {
      out << padded(printable(name) + ":", 28) << ' ' << cell_text(value) << '\n';
    }
  }
}

}  // namespace

void add_session_flags(CLI::App& verb, SessionOptions& options) {
  add_config_flags(verb, options.run);
  verb.add_option("--server", options.server,
                  "The agent's address; default: SUNDIAL_LISTEN, else the configuration's");
  verb.add_option("--token-file", options.token_file,
                  "File with the token; default: SUNDIAL_TOKEN, else the configuration's");
  add_output_flags(verb, options.output);
}

std::string text_at(const Value& document, std::string_view path) {
  const Value* value = value_at(document, path);
  return value == nullptr ? "" : cell_text(*value);
}

std::uint64_t number_at(const Value& document, std::string_view path) {
  const Value* value = value_at(document, path);
  const std::int64_t* number = value == nullptr ? nullptr : value->get_if<std::int64_t>();
  return number == nullptr ? 0 : static_cast<std::uint64_t>(std::max<std::int64_t>(*number, 0));
}

Column column(std::string heading, std::string path) {
  return {std::move(heading), [path = std::move(path)](const Value& item) { return text_at(item, path); }};
}

std::string relative_time(Instant now, std::string_view rfc3339) {
  const Result<Instant> instant = parse_rfc3339(rfc3339);
  if (!instant) return std::string(rfc3339);
  const Millis away = *instant - now;
  Millis span = std::chrono::floor<std::chrono::seconds>(std::chrono::abs(away));
  if (span >= std::chrono::hours{1}) span = std::chrono::floor<std::chrono::minutes>(span);
  if (span >= std::chrono::hours{48}) span = std::chrono::floor<std::chrono::hours>(span);
  return away < Millis{0} ? format_duration(span) + " ago" : "in " + format_duration(span);
}

Column time_column(const World& world, std::string heading, std::string path) {
  return {std::move(heading), [now = world.now, path = std::move(path)](const Value& item) {
            const std::string text = text_at(item, path);
            return text.empty() ? text : relative_time(now, text);
          }};
}

Session::Session(World& world, const SessionOptions& options) : world_(world), options_(options) {}

void Session::fail(int code, const std::string& message) {
  world_.err << "sundial: " << message << '\n';
  exit_code_ = code;
}

bool Session::read_token(const std::string& file, std::string& token) {
  const Result<std::string> text = world_.files.read(file, kMostOfAToken);
  if (!text) {
    fail(kExitConfiguration, file + ": the token can't be read: " + text.error().message());
    return false;
  }
  for (const std::string_view line : split(*text, '\n')) {
    const std::string_view word = trim(line);
    if (word.empty() || word.front() == '#') continue;
    token = word.substr(0, word.find_first_of(" \t"));
    return true;
  }
  fail(kExitConfiguration, "there is no token in " + file);
  return false;
}

std::optional<std::string> Session::token(const model::Configuration& configuration) {
  std::string token;
  if (!options_.token_file.empty()) {
    if (!read_token(options_.token_file, token)) return std::nullopt;
    return token;
  }
  const auto given = world_.environment.find("SUNDIAL_TOKEN");
  if (given != world_.environment.end() && !given->second.empty()) return given->second;
  const std::string made = configuration.store.path + "/token";
  if (!configuration.http.token_file.empty()) {
    if (!read_token(configuration.http.token_file, token)) return std::nullopt;
  } else if (world_.files.exists(made) && !read_token(made, token)) {
    return std::nullopt;
  }
  return token;
}

std::optional<AgentAddress> Session::address() {
  // What else may be wrong with the configuration does not keep anybody from its agent.
  const model::Configuration configuration = config::load(sources_of(world_, options_.run)).configuration;
  AgentAddress address;
  address.ca = configuration.http.tls.cert;
  address.url =
      url_of(options_.server.empty() ? configuration.http.listen : options_.server, !address.ca.empty());
  std::optional<std::string> found = token(configuration);
  if (!found) return std::nullopt;
  address.token = std::move(*found);
  return address;
}

bool Session::connect() {
  const std::optional<AgentAddress> where = address();
  if (!where) return false;
  Result<std::unique_ptr<AgentClient>> client = world_.connect_agent(*where);
  if (!client) {
    fail(kExitUsage, client.error().message());
    return false;
  }
  client_ = std::move(*client);
  return true;
}

void Session::fail(const AgentReply& reply, int refused) {
  const Result<Value> body = json::parse(reply.body);
  const std::string detail = body ? text_at(*body, "detail") : "";
  const std::string message = detail.empty() ? fmt::format("the agent answers {}", reply.status) : detail;
  const bool wrong_body = reply.status == 400 || reply.status == 422;
  fail(reply.status == 404 ? kExitNotFound : wrong_body ? refused : kExitFailed, message);
}

std::optional<Value> Session::call(const std::string& method, const std::string& target, const Value& body,
                                   int refused) {
  Result<AgentReply> reply = client_->call(method, target, body.is_null() ? "" : json::write(body));
  if (!reply) {
    fail(kExitUnreachable, reply.error().message());
    return std::nullopt;
  }
  if (reply->status >= 300) {
    fail(*reply, refused);
    return std::nullopt;
  }
  Result<Value> parsed = json::parse(reply->body);
  if (parsed) return std::move(*parsed);
  fail(kExitFailed, "the answer is no JSON: is this a Sundial agent?");
  return std::nullopt;
}

std::optional<List> Session::items(const std::string& target, std::size_t most) {
  List all;
  std::string next;
  do {
    const char separator = target.find('?') == std::string::npos ? '?' : '&';
    const std::size_t limit = std::min<std::size_t>(1000, most - all.size());
    const std::optional<Value> page =
        call("GET", fmt::format("{}{}limit={}&next={}", target, separator, limit, percent_encode(next)));
    if (!page) return std::nullopt;
    const Value* found = page->find("items");
    const List* list = found == nullptr ? nullptr : found->get_if<List>();
    if (list != nullptr) all.insert(all.end(), list->begin(), list->end());
    next = text_at(*page, "next");
  } while (!next.empty() && all.size() < most);
  return all;
}

bool Session::follow(const std::string& target, const std::function<bool(std::string_view)>& heard) {
  const Result<AgentReply> reply = client_->follow(target, heard);
  if (!reply) {
    fail(kExitUnreachable, reply.error().message());
  } else if (reply->status != 200) {
    fail(*reply);
  }
  return exit_code_ == kExitDone;
}

int Session::show(const List& items, const std::vector<Column>& columns) {
  if (options_.output.output == "json") {
    world_.out << json::write_pretty(Value(items)) << '\n';
  } else if (options_.output.output == "jsonl") {
    for (const Value& item : items) world_.out << json::write(item) << '\n';
  } else {
    std::vector<std::vector<std::string>> rows(1);
    for (const Column& each : columns) rows[0].push_back(each.heading);
    for (const Value& item : items) {
      std::vector<std::string>& row = rows.emplace_back();
      for (const Column& each : columns) row.push_back(fitted(each.cell(item), kWidestCell));
    }
    Terminal terminal = world_.terminal;
    terminal.colour = terminal.colour && !options_.output.no_color;
    print_table(world_.out, rows, terminal);
  }
  return kExitDone;
}

int Session::show(const Value& document) {
  if (options_.output.output == "json") {
    world_.out << json::write_pretty(document) << '\n';
  } else if (options_.output.output == "jsonl") {
    world_.out << json::write(document) << '\n';
  } else if (const Map* map = document.get_if<Map>()) {
    print_members(world_.out, "", *map);
  }
  return kExitDone;
}

std::string Session::alarming(const std::string& text) const {
  return cli::alarming(world_, options_.output, text);
}

int Session::done(const Value& document, const std::string& text) {
  if (!wants_text()) return show(document);
  world_.out << text << '\n';
  return kExitDone;
}

int with_session(World& world, const SessionOptions& options, const std::function<int(Session&)>& action) {
  Session session(world, options);
  if (!session.connect()) return session.exit_code();
  const int code = action(session);
  return session.exit_code() != kExitDone ? session.exit_code() : code;
}

}  // namespace sundial::cli
