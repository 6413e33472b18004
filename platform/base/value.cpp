// Maps in the order of their members, and equality.
#include "platform/base/value.hpp"

#include <algorithm>

namespace sundial {

Map::Map() = default;
Map::Map(const Map&) = default;
Map::Map(Map&&) noexcept = default;
Map& Map::operator=(const Map&) = default;
Map& Map::operator=(Map&&) noexcept = default;
Map::~Map() = default;

Map Map::of(std::vector<Member> members) {
  Map map;
  map.members_ = std::move(members);
  return map;
}

std::size_t Map::size() const {
  return members_.size();
}
bool Map::empty() const {
  return members_.empty();
}

const Value* Map::find(std::string_view key) const {
  for (const Member& member : members_) {
    const std::string* name = member.first.text();
    if (name != nullptr && *name == key) return &member.second;
  }
  return nullptr;
}

Value* Map::find(std::string_view key) {
  return const_cast<Value*>(std::as_const(*this).find(key));
}

void Map::set(std::string_view key, Value value) {
  if (Value* present = find(key)) {
    *present = std::move(value);
  } else {
    append(Value(key), std::move(value));
  }
}

void Map::append(Value key, Value value) {
  members_.emplace_back(std::move(key), std::move(value));
}

bool Map::erase(std::string_view key) {
  return std::erase_if(members_, [key](const Member& member) {
           return member.first.text() != nullptr && *member.first.text() == key;
         }) > 0;
}

std::vector<Map::Member>::const_iterator Map::begin() const {
  return members_.begin();
}
std::vector<Map::Member>::const_iterator Map::end() const {
  return members_.end();
}
std::vector<Map::Member>::iterator Map::begin() {
  return members_.begin();
}
std::vector<Map::Member>::iterator Map::end() {
  return members_.end();
}

const Value* Value::find(std::string_view key) const {
  const Map* map = get_if<Map>();
  return map == nullptr ? nullptr : map->find(key);
}

namespace {

struct SameData {
  bool operator()(Null, Null) const { return true; }
  bool operator()(const Bytes& a, const Bytes& b) const { return a.data == b.data; }
  bool operator()(const Timestamp& a, const Timestamp& b) const {
    return a.seconds == b.seconds && a.nanos == b.nanos;
  }
  bool operator()(const TimeSpan& a, const TimeSpan& b) const {
    return a.seconds == b.seconds && a.nanos == b.nanos;
  }
  bool operator()(const TypeName& a, const TypeName& b) const { return a.name == b.name; }
  bool operator()(const Verbatim& a, const Verbatim& b) const { return a.json == b.json; }
  bool operator()(const Map& a, const Map& b) const { return a == b; }
  template <typename T>
  bool operator()(const T& a, const T& b) const {
    return a == b;
  }
  template <typename T, typename U>
  bool operator()(const T&, const U&) const {
    return false;
  }
};

}  // namespace

bool operator==(const Value& left, const Value& right) {
  return std::visit(SameData{}, left.variant(), right.variant());
}

bool operator==(const Map& left, const Map& right) {
  return std::equal(left.begin(), left.end(), right.begin(), right.end());
}

}  // namespace sundial
