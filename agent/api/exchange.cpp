// Parameters, bodies and answers.
#include "agent/api/exchange.hpp"

#include <algorithm>
#include <charconv>

#include "platform/base/text.hpp"
#include "platform/json/json.hpp"

namespace sundial::api {

namespace {

const std::string kNothing;

std::optional<std::string> decode_form(std::string_view text) {
  std::string blanks(text);
  std::replace(blanks.begin(), blanks.end(), '+', ' ');
  std::optional<std::string> decoded = percent_decode(blanks);
  if (decoded && !is_utf8(*decoded)) return std::nullopt;
  return decoded;
}

bool has_type(const Value& value, std::string_view type) {
  if (type == "string") return value.text() != nullptr;
  if (type == "array") return value.is<List>();
  if (type == "boolean") return value.is<bool>();
  if (type == "integer") return value.is<std::int64_t>();
  if (type == "object") return value.is<Map>();
  return true;
}

}  // namespace

Result<Parameters> parse_query(std::string_view query) {
  Parameters parameters;
  if (query.empty()) return parameters;
  for (const std::string_view member : split(query, '&')) {
    if (member.empty()) continue;
    const std::size_t equals = member.find('=');
    const std::optional<std::string> name = decode_form(member.substr(0, equals));
    const std::optional<std::string> value =
        equals == std::string_view::npos ? std::string() : decode_form(member.substr(equals + 1));
    if (!name || !value) return Error(ErrorKind::invalid, "the query is not percent-encoded UTF-8");
    parameters.emplace_back(*name, *value);
  }
  return parameters;
}

Exchange::Exchange(HttpRequest request, std::shared_ptr<HttpReply> reply, std::string id)
    : request_(std::move(request)), reply_(std::move(reply)), id_(std::move(id)) {}

void Exchange::set_parameters(Parameters arguments, Parameters query) {
  arguments_ = std::move(arguments);
  query_ = std::move(query);
}

const std::string& Exchange::argument(std::string_view name) const {
  for (const auto& [key, value] : arguments_) {
    if (key == name) return value;
  }
  return kNothing;
}

const std::string* Exchange::query(std::string_view name) const {
  const auto found = std::find_if(query_.rbegin(), query_.rend(),
                                  [name](const auto& member) { return member.first == name; });
  return found == query_.rend() ? nullptr : &found->second;
}

Result<Map> parse_object(std::string_view text) {
  if (trim(text).empty()) return Map{};
  Result<Value> parsed = json::parse(text);
  if (!parsed) return Error(ErrorKind::invalid, "the body is no JSON: " + parsed.error().message());
  Map* map = parsed->get_if<Map>();
  if (map == nullptr) return Error(ErrorKind::invalid, "the body is no JSON object");
  return std::move(*map);
}

Result<Map> Exchange::json_body() const {
  Result<Map> map = parse_object(request_.body);
  if (!map) return map;
  for (const MemberDoc& member : members_ == nullptr ? std::vector<MemberDoc>() : *members_) {
    const Value* value = map->find(member.name);
    if (value != nullptr && !value->is_null() && !has_type(*value, member.type)) {
      return Error(ErrorKind::invalid, std::string(member.name) + " is no " + std::string(member.type));
    }
  }
  return map;
}

Result<bool> Exchange::flag(std::string_view name) const {
  const std::string* text = query(name);
  if (text == nullptr || *text == "false") return false;
  if (text->empty() || *text == "true") return true;
  return Error(ErrorKind::invalid, std::string(name) + " is true or false");
}

Result<std::size_t> Exchange::limit(std::size_t otherwise) const {
  const std::string* text = query("limit");
  if (text == nullptr) return otherwise;
  std::size_t number = 0;
  const auto [stop, problem] = std::from_chars(text->data(), text->data() + text->size(), number);
  if (problem != std::errc{} || stop != text->data() + text->size() || number < 1 || number > 1000) {
    return Error(ErrorKind::invalid, "limit is no number from 1 to 1000");
  }
  return number;
}

Result<Millis> Exchange::duration(std::string_view name, Millis otherwise, Millis most) const {
  const std::string* text = query(name);
  if (text == nullptr) return otherwise;
  const Result<Millis> span = parse_duration(*text);
  if (!span) return span.error().within(name);
  return std::min(*span, most);
}

Result<std::optional<Instant>> Exchange::time(std::string_view name) const {
  const std::string* text = query(name);
  if (text == nullptr) return std::optional<Instant>();
  const Result<Instant> instant = parse_rfc3339(*text);
  if (!instant) return instant.error().within(name);
  return std::optional<Instant>(*instant);
}

void Exchange::add_header(std::string name, std::string value) {
  headers_.emplace_back(std::move(name), std::move(value));
}

void Exchange::send(int status, const Value& body) {
  send(status, "application/json", json::write(body) + "\n");
}

void Exchange::send(int status, std::string content_type, std::string body) {
  send(HttpResponse{status, {{"Content-Type", std::move(content_type)}}, std::move(body)});
}

void Exchange::fail(const Error& error) {
  const int status = meaning_of(error.kind()).http_status;
  if (status == 503) add_header("Retry-After", "5");
  send(status, error_body(status, name_of(error.kind()), error.message()));
}

void Exchange::fail(int status, const std::string& message, Value cause, std::string_view type) {
  if (status == 503) add_header("Retry-After", "5");
  send(status, error_body(status, type.empty() ? type_of_status(status) : type, message, std::move(cause)));
}

void Exchange::send(HttpResponse response) {
  response.headers.insert(response.headers.end(), headers_.begin(), headers_.end());
  for (const auto& observer : observers_) observer(response);
  send_again(std::move(response));
}

void Exchange::send_again(HttpResponse response) {
  response.headers.emplace_back("X-Request-Id", id_);
  response.headers.emplace_back("X-Content-Type-Options", "nosniff");
  response.headers.emplace_back("Cache-Control", "no-store");
  reply_->send(std::move(response));
}

std::shared_ptr<HttpReply> Exchange::begin_stream(const std::string& content_type) {
  reply_->begin_stream({200,
                        {{"Content-Type", content_type},
                         {"X-Request-Id", id_},
                         {"X-Content-Type-Options", "nosniff"},
                         {"Cache-Control", "no-store"}},
                        ""});
  return reply_;
}

}  // namespace sundial::api
