// Reading JSON: nlohmann's event parser drives a builder of ours that bounds depth and keeps ints exact.
#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "platform/json/json.hpp"

namespace sundial::json {
namespace {

using Members = std::vector<Map::Member>;

// Keeps the last of members with one name, in the first one's place. Sorted, so that a payload of
// many thousand members costs no quadratic time.
void drop_repeated(Members& members) {
  if (members.size() < 2) return;
  std::vector<std::size_t> order(members.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  const auto name = [&members](std::size_t i) -> const std::string& { return *members[i].first.text(); };
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return name(a) < name(b); });
  std::vector<bool> repeated(members.size(), false);
  bool any = false;
  for (std::size_t i = 0; i < order.size();) {
    std::size_t last = i;
    while (last + 1 < order.size() && name(order[last + 1]) == name(order[i]))
      repeated[order[++last]] = any = true;
    if (last != i) members[order[i]].second = std::move(members[order[last]].second);
    i = last + 1;
  }
  if (!any) return;
  Members kept;
  kept.reserve(members.size());
  for (std::size_t i = 0; i < members.size(); ++i) {
    if (!repeated[i]) kept.push_back(std::move(members[i]));
  }
  members = std::move(kept);
}

class Builder {
 public:
  using number_integer_t = nlohmann::json::number_integer_t;
  using number_unsigned_t = nlohmann::json::number_unsigned_t;
  using number_float_t = nlohmann::json::number_float_t;
  using string_t = nlohmann::json::string_t;
  using binary_t = nlohmann::json::binary_t;

  bool null() { return add(Null{}); }
  bool boolean(bool value) { return add(value); }
  bool number_integer(number_integer_t value) { return add(std::int64_t{value}); }
  bool number_unsigned(number_unsigned_t value) {
    constexpr auto limit = static_cast<number_unsigned_t>(std::numeric_limits<std::int64_t>::max());
    return value <= limit ? add(static_cast<std::int64_t>(value)) : add(static_cast<double>(value));
  }
  bool number_float(number_float_t value, const string_t&) {
    return std::isfinite(value) ? add(value) : refuse("a number is too large");
  }
  bool string(string_t& value) { return add(std::move(value)); }
  bool binary(binary_t&) { return refuse("binary values have no place in JSON"); }

  bool start_object(std::size_t) { return open(true); }
  bool key(string_t& name) {
    open_.back().name = std::move(name);
    return true;
  }
  bool end_object() {
    drop_repeated(open_.back().members);
    Value value(Map::of(std::move(open_.back().members)));
    open_.pop_back();
    return add(std::move(value));
  }
  bool start_array(std::size_t) { return open(false); }
  bool end_array() {
    Value value(std::move(open_.back().items));
    open_.pop_back();
    return add(std::move(value));
  }

  bool parse_error(std::size_t position, const std::string&, const nlohmann::json::exception& problem) {
    constexpr int number_overflow = 406;
    if (problem.id == number_overflow) return refuse("a number is too large");
    error_ = Error(ErrorKind::invalid, fmt::format("this is no JSON: unexpected input at byte {}", position));
    return false;
  }

  const Error& error() const { return error_; }
  Value take() { return std::move(root_); }

 private:
  struct Open {
    bool is_object;
    std::string name;
    Members members;
    List items;
  };

  bool open(bool is_object) {
    if (open_.size() >= kMaxDepth)
      return refuse(fmt::format("it is nested deeper than {} levels", kMaxDepth));
    open_.push_back({is_object, {}, {}, {}});
    return true;
  }

  bool add(Value value) {
    if (open_.empty()) {
      root_ = std::move(value);
    } else if (open_.back().is_object) {
      open_.back().members.emplace_back(Value(std::move(open_.back().name)), std::move(value));
    } else {
      open_.back().items.push_back(std::move(value));
    }
    return true;
  }

  bool refuse(std::string why) {
    error_ = Error(ErrorKind::exhausted, std::move(why));
    return false;
  }

  std::vector<Open> open_;
  Value root_;
  Error error_{ErrorKind::invalid, "this is no JSON"};
};

}  // namespace

Result<Value> parse(std::string_view text) {
  Builder builder;
  if (!nlohmann::json::sax_parse(text.begin(), text.end(), &builder)) return builder.error();
  return builder.take();
}

}  // namespace sundial::json
