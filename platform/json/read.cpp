// Reading JSON in one pass: bounded in depth, exact in its numbers, without an allocation for what is not
// kept.
#include <algorithm>
#include <array>
#include <charconv>
#include <numeric>
#include <optional>
#include <span>

#include <fmt/format.h>

#include "platform/base/text.hpp"
#include "platform/json/json.hpp"

namespace sundial::json {
namespace {

using Members = std::vector<Map::Member>;

constexpr std::size_t kFewMembers = 16;
constexpr std::size_t kUsualMembers = 8;
constexpr std::size_t kSurelyInt64 = 18;    // digits
constexpr std::size_t kSurelyFinite = 300;  // digits of a number without an exponent

// Keeps the last of members with one name, in the first one's place. Sorted where they are many, so
// that a payload of many thousand members costs no quadratic time.
void drop_repeated(Members& members) {
  const auto name = [&members](std::size_t i) -> const std::string& { return *members[i].first.text(); };
  if (members.size() <= kFewMembers) {
    bool any = false;
    for (std::size_t i = 1; i < members.size() && !any; ++i) {
      for (std::size_t j = 0; j < i && !any; ++j) any = name(i) == name(j);
    }
    if (!any) return;
  }
  std::vector<std::size_t> order(members.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return name(a) < name(b); });
  std::vector<bool> repeated(members.size(), false);
  for (std::size_t i = 0; i < order.size();) {
    std::size_t last = i;
    while (last + 1 < order.size() && name(order[last + 1]) == name(order[i])) repeated[order[++last]] = true;
    if (last != i) members[order[i]].second = std::move(members[order[last]].second);
    i = last + 1;
  }
  std::size_t kept = 0;
  for (std::size_t i = 0; i < members.size(); ++i) {
    if (repeated[i]) continue;
    if (kept != i) members[kept] = std::move(members[i]);
    ++kept;
  }
  members.resize(kept);
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool is_plain(char c) {  // within a string: neither its end, an escape, a control character nor beyond ASCII
  const auto byte = static_cast<unsigned char>(c);
  return byte >= 0x20 && byte < 0x80 && c != '"' && c != '\\';
}

// Whether a number that no double can hold is too small rather than too large: by where its first digit
// stands.
bool is_tiny(std::string_view number) {
  if (number.front() == '-') number.remove_prefix(1);
  const std::size_t mark = std::min(number.find_first_of("eE"), number.size());
  const std::string_view digits = number.substr(0, mark);
  const std::size_t point = std::min(digits.find('.'), digits.size());
  const std::size_t first = digits.find_first_not_of("0.");
  std::int64_t place = static_cast<std::int64_t>(point) - static_cast<std::int64_t>(first);
  if (mark < number.size()) {
    std::string_view exponent = number.substr(mark + 1);
    if (exponent.front() == '+') exponent.remove_prefix(1);
    std::int32_t shift = 0;
    const auto read = std::from_chars(exponent.data(), exponent.data() + exponent.size(), shift);
    if (read.ec != std::errc{}) return exponent.front() == '-';
    place += shift;
  }
  return place < 0;
}

void append_utf8(std::string& out, std::uint32_t point) {
  const auto rest = [point](unsigned shift) { return static_cast<char>(0x80U | (point >> shift & 0x3FU)); };
  if (point < 0x80) {
    out += static_cast<char>(point);
  } else if (point < 0x800) {
    out += static_cast<char>(0xC0U | point >> 6U);
    out += rest(0);
  } else if (point < 0x10000) {
    out += static_cast<char>(0xE0U | point >> 12U);
    (out += rest(6)) += rest(0);
  } else {
    out += static_cast<char>(0xF0U | point >> 18U);
    ((out += rest(12)) += rest(6)) += rest(0);
  }
}

class Reader {
 public:
  Reader(std::string_view text, const std::span<const std::string>* wanted)
      : begin_(text.data()), at_(text.data()), end_(text.data() + text.size()), wanted_(wanted) {}

  Result<Value> read() {
    if (std::string_view(at_, end_).starts_with("\xEF\xBB\xBF")) at_ += 3;
    if (read_all()) return std::move(root_);
    return error_ ? *std::move(error_) : no_json();
  }

 private:
  struct Open {
    bool is_object;
    std::size_t start;  // its first item among those that are collected
  };

  bool read_all();
  bool read_scalar();
  bool read_key();
  bool open(bool is_object);
  void close();
  bool add(Value value);

  bool read_string(std::string* into);
  bool read_escape(std::string* into);
  std::optional<std::uint32_t> read_hex();
  bool read_wide(std::string* into);
  bool read_number();
  bool add_number(std::string_view number, bool whole);
  bool read_word(std::string_view word, Value value);

  void skip_blanks() {
    while (at_ != end_ && (*at_ == ' ' || *at_ == '\n' || *at_ == '\r' || *at_ == '\t')) ++at_;
  }
  bool take(char c) {
    if (at_ == end_ || *at_ != c) return false;
    ++at_;
    return true;
  }
  bool refuse(std::string why) {
    error_ = Error(ErrorKind::exhausted, std::move(why));
    return false;
  }
  Error no_json() const {
    return {ErrorKind::invalid,
            fmt::format("this is no JSON: unexpected input at byte {}", at_ - begin_ + 1)};
  }
  bool keeping() const { return skipped_from_ == 0; }

  const char* begin_;
  const char* at_;
  const char* end_;
  const std::span<const std::string>* wanted_;  // names of members of the outermost object; null: all
  std::size_t skipped_from_ = 0;  // the depth within which nothing is kept, since its member is not wanted

  // Items and members of all that is open: those of the innermost come last.
  std::array<Open, kMaxDepth>
      open_;  // NOLINT: filled up to `depth_`; to clear all of it would cost more than to read
  std::size_t depth_ = 0;
  Members members_;
  List items_;
  Value root_;
  std::optional<Error> error_;
};

bool Reader::read_all() {
  for (;;) {
    skip_blanks();
    if (at_ == end_) return false;
    if (*at_ == '{' || *at_ == '[') {
      const bool is_object = *at_ == '{';
      if (!open(is_object)) return false;
      ++at_;
      skip_blanks();
      if (at_ == end_ || *at_ != (is_object ? '}' : ']')) {
        if (is_object && !read_key()) return false;
        continue;
      }
    } else if (!read_scalar()) {
      return false;
    }
    // Behind a value, or before the end of an empty container.
    for (;;) {
      if (depth_ == 0) {
        skip_blanks();
        return at_ == end_;
      }
      skip_blanks();
      const bool is_object = open_[depth_ - 1].is_object;
      if (take(is_object ? '}' : ']')) {
        close();
        continue;
      }
      if (!take(',')) return false;
      skip_blanks();
      if (is_object && !read_key()) return false;
      break;
    }
  }
}

bool Reader::read_scalar() {
  switch (*at_) {
    case '"': {
      ++at_;
      if (!keeping()) return read_string(nullptr) && add({});
      std::string text;
      return read_string(&text) && add(std::move(text));
    }
    case 't':
      return read_word("true", true);
    case 'f':
      return read_word("false", false);
    case 'n':
      return read_word("null", {});
    default:
      return read_number();
  }
}

// With its colon. A member that nobody wants is read over.
bool Reader::read_key() {
  if (!take('"')) return false;
  if (keeping()) {
    std::string name;
    const char* const start = at_;
    if (!read_string(nullptr)) return false;
    const std::string_view raw(start, at_ - 1);
    if (raw.find('\\') == std::string_view::npos) {
      name = raw;
    } else {
      at_ = start;
      read_string(&name);
    }
    if (wanted_ != nullptr && depth_ == 1 &&
        std::find(wanted_->begin(), wanted_->end(), name) == wanted_->end()) {
      skipped_from_ = depth_;
    } else {
      members_.emplace_back(Value(std::move(name)), Value());
    }
  } else if (!read_string(nullptr)) {
    return false;
  }
  skip_blanks();
  return take(':');
}

bool Reader::open(bool is_object) {
  if (depth_ >= kMaxDepth) return refuse(fmt::format("it is nested deeper than {} levels", kMaxDepth));
  if (is_object && members_.capacity() == 0) members_.reserve(kUsualMembers);
  open_[depth_++] = {is_object, is_object ? members_.size() : items_.size()};
  return true;
}

void Reader::close() {
  const Open closed = open_[--depth_];
  if (!keeping()) {
    add({});
    return;
  }
  if (closed.is_object) {
    const auto first = members_.begin() + static_cast<std::ptrdiff_t>(closed.start);
    Members members(std::make_move_iterator(first), std::make_move_iterator(members_.end()));
    members_.erase(first, members_.end());
    drop_repeated(members);
    add(Map::of(std::move(members)));
  } else {
    const auto first = items_.begin() + static_cast<std::ptrdiff_t>(closed.start);
    List list(std::make_move_iterator(first), std::make_move_iterator(items_.end()));
    items_.erase(first, items_.end());
    add(std::move(list));
  }
}

bool Reader::add(Value value) {
  if (!keeping()) {
    if (depth_ == skipped_from_) skipped_from_ = 0;
  } else if (depth_ == 0) {
    root_ = std::move(value);
  } else if (open_[depth_ - 1].is_object) {
    members_.back().second = std::move(value);
  } else {
    items_.push_back(std::move(value));
  }
  return true;
}

// Behind the opening quote, up to and with the closing one.
bool Reader::read_string(std::string* into) {
  for (;;) {
    const char* const start = at_;
    while (at_ != end_ && is_plain(*at_)) ++at_;
    if (into != nullptr) into->append(start, at_);
    if (at_ == end_) return false;
    if (*at_ == '"') {
      ++at_;
      return true;
    }
    if (*at_ == '\\') {
      ++at_;
      if (!read_escape(into)) return false;
    } else if (!read_wide(into)) {
      return false;
    }
  }
}

bool Reader::read_escape(std::string* into) {
  if (at_ == end_) return false;
  constexpr std::string_view letters = "\"\\/bfnrt";
  constexpr std::string_view meanings = "\"\\/\b\f\n\r\t";
  if (const std::size_t place = letters.find(*at_); place != std::string_view::npos) {
    ++at_;
    if (into != nullptr) *into += meanings[place];
    return true;
  }
  if (!take('u')) return false;
  auto point = read_hex();
  if (!point || (*point >= 0xDC00 && *point < 0xE000)) return false;
  if (*point >= 0xD800 && *point < 0xDC00) {
    if (!take('\\') || !take('u')) return false;
    const auto low = read_hex();
    if (!low || *low < 0xDC00 || *low >= 0xE000) return false;
    point = 0x10000 + ((*point - 0xD800) << 10U) + (*low - 0xDC00);
  }
  if (into != nullptr) append_utf8(*into, *point);
  return true;
}

std::optional<std::uint32_t> Reader::read_hex() {
  if (end_ - at_ < 4) return std::nullopt;
  std::uint32_t number = 0;
  const auto [behind, problem] = std::from_chars(at_, at_ + 4, number, 16);
  if (problem != std::errc{} || behind != at_ + 4) return std::nullopt;
  at_ += 4;
  return number;
}

// One character beyond ASCII, which must be whole UTF-8.
bool Reader::read_wide(std::string* into) {
  const auto byte = static_cast<unsigned char>(*at_);
  const std::ptrdiff_t length = byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : byte >= 0xC0 ? 2 : 1;
  if (length == 1 || end_ - at_ < length) return false;
  const std::string_view character(at_, static_cast<std::size_t>(length));
  if (!is_utf8(character)) return false;
  if (into != nullptr) *into += character;
  at_ += length;
  return true;
}

bool Reader::read_number() {
  const char* const start = at_;
  take('-');
  if (at_ == end_ || !is_digit(*at_)) return false;
  if (!take('0')) {
    while (at_ != end_ && is_digit(*at_)) ++at_;
  }
  bool whole = true;
  if (take('.')) {
    whole = false;
    if (at_ == end_ || !is_digit(*at_)) return false;
    while (at_ != end_ && is_digit(*at_)) ++at_;
  }
  bool exponent = false;
  if (take('e') || take('E')) {
    whole = false;
    exponent = true;
    if (!take('+')) take('-');
    if (at_ == end_ || !is_digit(*at_)) return false;
    while (at_ != end_ && is_digit(*at_)) ++at_;
  }
  const std::string_view number(start, at_);
  if (!keeping() && !exponent && number.size() < kSurelyFinite) return add({});
  return add_number(number, whole);
}

bool Reader::add_number(std::string_view number, bool whole) {
  const char* const first = number.data();
  const char* const last = first + number.size();
  if (whole && number.size() <= kSurelyInt64) {
    std::int64_t value = 0;
    for (const char digit : number.substr(*first == '-' ? 1 : 0)) value = value * 10 + (digit - '0');
    return add(*first == '-' ? -value : value);
  }
  if (whole) {
    std::int64_t value = 0;
    if (std::from_chars(first, last, value).ec == std::errc{}) return add(value);
  }
  double value = 0;
  if (std::from_chars(first, last, value).ec == std::errc{}) return add(value);
  return is_tiny(number) ? add(*first == '-' ? -0.0 : 0.0) : refuse("a number is too large");
}

bool Reader::read_word(std::string_view word, Value value) {
  if (!std::string_view(at_, end_).starts_with(word)) return false;
  at_ += word.size();
  return add(std::move(value));
}

}  // namespace

Result<Value> parse(std::string_view text) {
  return Reader(text, nullptr).read();
}

Result<Value> parse_members(std::string_view text, std::span<const std::string> members) {
  return Reader(text, &members).read();
}

}  // namespace sundial::json
