// Declares settings: one row a key, from which the loader, the suggestions, the reference, the JSON
// Schema and the manual all come.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "agent/config/reader.hpp"
#include "agent/core/model/node.hpp"
#include "platform/base/text.hpp"

namespace sundial::config {

// What a value looks like to whoever writes it.
enum class Shape {
  text,
  boolean,
  integer,
  number,
  duration,
  size,
  time,
  choice,
  file,
  secret_file,  // refused where others may read it
  expression,   // CEL
  templated,    // text with {expression}
  table,
  actions,  // one action's table, or a list of them
  map,      // a table whose keys the owner chooses
  value,    // anything, its texts being templates
  values,   // a list of them
};

// What is declared of one key, whatever it fills in.
struct Setting {
  std::string name{};
  Shape shape = Shape::text;
  std::string doc{};
  std::string fallback{};  // as it is written in TOML, or said in words; empty: left out, it is not there
  std::vector<std::string> choices{};
  std::optional<double> least{};
  std::optional<double> most{};
  bool listable = false;  // one, or a list of them
  bool required = false;
  bool supported = true;  // false: refused as not yet supported
  std::vector<Setting> inner{};
};

// A row: what is declared, how it is read into an S, and how its default is written.
template <typename S>
struct Key {
  Setting declared;
  std::function<void(Reader&, const model::Node&, S&)> read;

  Key otherwise(std::string words) && {
    declared.fallback = std::move(words);
    return std::move(*this);
  }
  Key required() && {
    declared.required = true;
    return std::move(*this);
  }
  Key not_yet() && {
    declared.supported = false;
    return std::move(*this);
  }
};

// The keys of one table.
template <typename S>
struct Section {
  std::vector<Key<S>> keys;

  std::vector<Setting> settings() const {
    std::vector<Setting> all;
    for (const Key<S>& key : keys) all.push_back(key.declared);
    return all;
  }
};

// Reads every entry of a table, in the order of the source; keys that nobody declared are problems.
template <typename S>
void read_table(Reader& reader, const model::Node& node, const Section<S>& section, S& into) {
  const model::Table* table = reader.table(node);
  if (table == nullptr) return;
  for (const model::Entry& entry : *table) {
    if (std::holds_alternative<Null>(entry.value.data)) continue;  // in the body of a request: left out
    const Reader::Below below(reader, entry.key);
    const Key<S>* known = nullptr;
    for (const Key<S>& key : section.keys) {
      if (key.declared.name == entry.key) known = &key;
    }
    if (known == nullptr) {
      std::vector<std::string_view> names;
      for (const Key<S>& key : section.keys) names.push_back(key.declared.name);
      const auto meant = did_you_mean(entry.key, names);
      reader.problem(entry.key_at, meant ? fmt::format("unknown key; did you mean {}?", *meant)
                                         : fmt::format("unknown key; known are {}", fmt::join(names, ", ")));
    } else if (!known->declared.supported) {
      reader.problem(entry.key_at, "not yet supported");
    } else {
      known->read(reader, entry.value, into);
    }
  }
  for (const Key<S>& key : section.keys) {
    if (key.declared.required && node.find(key.declared.name) == nullptr) {
      reader.problem(node.at, fmt::format("'{}' is missing", key.declared.name));
    }
  }
}

// The struct and the member that a member pointer names.
template <auto M>
struct MemberOf;
template <typename S, typename T, T S::*M>
struct MemberOf<M> {
  using Struct = S;
  using Type = T;
};
template <auto M>
using StructOf = typename MemberOf<M>::Struct;

// A member may be a T, an optional T or, for texts, a Text with its place.
template <typename Member, typename T>
void assign(Member& member, T value, const model::Position& at) {
  if constexpr (std::is_same_v<Member, model::Text>) {
    member = model::Text{std::move(value), at};
  } else if constexpr (std::is_same_v<Member, std::optional<model::Text>>) {
    member = model::Text{std::move(value), at};
  } else {
    member = static_cast<Member>(std::move(value));
  }
}

// "5m" for a default that is written as a text, nothing where there is none.
template <auto M, typename Write>
std::string fallback_of(Write write) {
  const auto value = StructOf<M>{}.*M;
  if constexpr (std::is_convertible_v<decltype(value), Millis> || std::is_arithmetic_v<decltype(value)>) {
    return write(value);
  } else {
    return {};
  }
}

template <auto M>
Key<StructOf<M>> text(std::string name, std::string doc, Shape shape = Shape::text) {
  using S = StructOf<M>;
  Setting declared{.name = std::move(name), .shape = shape, .doc = std::move(doc)};
  if constexpr (std::is_same_v<typename MemberOf<M>::Type, std::string>) {
    if (const std::string value = S{}.*M; !value.empty()) declared.fallback = '"' + value + '"';
  }
  return {std::move(declared), [](Reader& reader, const model::Node& node, S& into) {
            if (auto value = reader.text(node)) assign(into.*M, std::move(*value), node.at);
          }};
}

// A path, relative to the configuration file that names it. A file must be there; what is secret is
// refused where others may read it.
template <auto M>
Key<StructOf<M>> file(std::string name, std::string doc, Shape shape) {
  using S = StructOf<M>;
  Setting declared{.name = std::move(name), .shape = shape, .doc = std::move(doc)};
  return {std::move(declared), [shape](Reader& reader, const model::Node& node, S& into) {
            auto path = reader.path(node);
            if (!path) return;
            if (shape != Shape::text) reader.must_be_there(*path, shape == Shape::secret_file, node.at);
            into.*M = std::move(*path);
          }};
}

// One text or a list of them, into a vector of texts.
template <auto M>
Key<StructOf<M>> texts(std::string name, std::string doc, Shape shape = Shape::text) {
  using S = StructOf<M>;
  Setting declared{.name = std::move(name), .shape = shape, .doc = std::move(doc), .listable = true};
  return {std::move(declared), [](Reader& reader, const model::Node& node, S& into) {
            (into.*M).clear();
            for (const model::Node* item : reader.one_or_many(node)) {
              auto value = reader.text(*item);
              if (!value) continue;
              assign((into.*M).emplace_back(), std::move(*value), item->at);
            }
          }};
}

template <auto M>
Key<StructOf<M>> boolean(std::string name, std::string doc) {
  using S = StructOf<M>;
  Setting declared{.name = std::move(name), .shape = Shape::boolean, .doc = std::move(doc)};
  declared.fallback = S{}.*M ? "true" : "false";
  return {std::move(declared), [](Reader& reader, const model::Node& node, S& into) {
            if (auto value = reader.boolean(node)) into.*M = *value;
          }};
}

template <auto M>
Key<StructOf<M>> integer(std::string name, std::string doc, std::int64_t least, std::int64_t most) {
  using S = StructOf<M>;
  Setting declared{.name = std::move(name), .shape = Shape::integer, .doc = std::move(doc)};
  declared.fallback = fallback_of<M>([](auto value) { return fmt::format("{}", value); });
  declared.least = static_cast<double>(least);
  if (most != INT64_MAX) declared.most = static_cast<double>(most);
  return {std::move(declared), [least, most](Reader& reader, const model::Node& node, S& into) {
            if (auto value = reader.integer(node, least, most)) assign(into.*M, *value, node.at);
          }};
}

template <auto M>
Key<StructOf<M>> number(std::string name, std::string doc, double least, double most) {
  using S = StructOf<M>;
  Setting declared{.name = std::move(name), .shape = Shape::number, .doc = std::move(doc)};
  declared.fallback = fallback_of<M>([](auto value) { return fmt::format("{}", value); });
  declared.least = least;
  declared.most = most;
  return {std::move(declared), [least, most](Reader& reader, const model::Node& node, S& into) {
            if (auto value = reader.number(node, least, most)) into.*M = *value;
          }};
}

// No wait that a person means is longer; beyond it sums of times could overflow.
inline constexpr Millis kLongest = std::chrono::hours{24 * 365 * 100};

template <auto M>
Key<StructOf<M>> duration(std::string name, std::string doc, Millis least = Millis{1},
                          Millis most = kLongest) {
  using S = StructOf<M>;
  Setting declared{.name = std::move(name), .shape = Shape::duration, .doc = std::move(doc)};
  declared.fallback = fallback_of<M>([](Millis value) { return '"' + format_duration(value) + '"'; });
  return {std::move(declared), [least, most](Reader& reader, const model::Node& node, S& into) {
            if (auto value = reader.duration(node, least, most)) into.*M = *value;
          }};
}

template <auto M>
Key<StructOf<M>> size(std::string name, std::string doc, std::int64_t least, std::int64_t most) {
  using S = StructOf<M>;
  Setting declared{.name = std::move(name), .shape = Shape::size, .doc = std::move(doc)};
  declared.fallback = fallback_of<M>([](std::int64_t value) { return '"' + format_size(value) + '"'; });
  return {std::move(declared), [least, most](Reader& reader, const model::Node& node, S& into) {
            if (auto value = reader.size(node, least, most)) into.*M = *value;
          }};
}

template <auto M>
Key<StructOf<M>> time(std::string name, std::string doc) {
  using S = StructOf<M>;
  Setting declared{.name = std::move(name), .shape = Shape::time, .doc = std::move(doc)};
  return {std::move(declared), [](Reader& reader, const model::Node& node, S& into) {
            if (auto value = reader.time(node)) into.*M = *value;
          }};
}

// A word for each value of an enumeration, in the enumeration's order.
template <auto M>
Key<StructOf<M>> choice(std::string name, std::string doc, std::vector<std::string> words) {
  using S = StructOf<M>;
  using Enum = typename MemberOf<M>::Type;
  Setting declared{.name = std::move(name), .shape = Shape::choice, .doc = std::move(doc), .choices = words};
  declared.fallback = '"' + words[static_cast<std::size_t>(S{}.*M)] + '"';
  return {std::move(declared), [words = std::move(words)](Reader& reader, const model::Node& node, S& into) {
            if (auto index = reader.choice(node, words)) into.*M = static_cast<Enum>(*index);
          }};
}

// A table of its own, into a member that is a struct or an optional one.
template <auto M, typename Inner>
// NOLINTNEXTLINE(performance-unnecessary-value-param): moved from, which clang-tidy 14 misses here
Key<StructOf<M>> table(std::string name, std::string doc, const Section<Inner>& section) {
  using S = StructOf<M>;
  Setting declared{
      .name = std::move(name), .shape = Shape::table, .doc = std::move(doc), .inner = section.settings()};
  return {std::move(declared), [&section](Reader& reader, const model::Node& node, S& into) {
            Inner value{};
            if constexpr (requires(Inner inner) { inner.at; }) value.at = node.at;
            read_table(reader, node, section, value);
            into.*M = std::move(value);
          }};
}

// One table or a list of them, into a vector.
template <auto M, typename Inner>
// NOLINTNEXTLINE(performance-unnecessary-value-param): moved from, which clang-tidy 14 misses here
Key<StructOf<M>> tables(std::string name, std::string doc, const Section<Inner>& section) {
  using S = StructOf<M>;
  Setting declared{.name = std::move(name),
                   .shape = Shape::table,
                   .doc = std::move(doc),
                   .listable = true,
                   .inner = section.settings()};
  return {std::move(declared), [&section](Reader& reader, const model::Node& node, S& into) {
            for (const model::Node* item : reader.one_or_many(node)) {
              Inner value{};
              if constexpr (requires(Inner inner) { inner.at; }) value.at = item->at;
              read_table(reader, *item, section, value);
              (into.*M).push_back(std::move(value));
            }
          }};
}

// A key that is read in a way of its own.
template <typename S>
Key<S> own(std::string name, Shape shape, std::string doc, void (*read)(Reader&, const model::Node&, S&)) {
  return {Setting{.name = std::move(name), .shape = shape, .doc = std::move(doc)}, read};
}

}  // namespace sundial::config
