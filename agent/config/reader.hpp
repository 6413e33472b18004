// Reads nodes as the types that settings have, and collects everything that is wrong in one go.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/config/environment.hpp"
#include "agent/core/model/node.hpp"
#include "platform/base/time.hpp"

namespace sundial::config {

// A file that the configuration names, to be looked at when all is read.
struct NamedFile {
  std::string path;
  bool secret = false;
  model::Position at;
  std::string where;
};

class Reader {
 public:
  Reader(std::vector<model::Problem>& problems, const Substituted& substituted)
      : problems_(problems), substituted_(substituted) {}

  // While it lives, problems are said to be below this key.
  class Below {
   public:
    Below(Reader& reader, std::string_view key) : reader_(reader) { reader_.path_.emplace_back(key); }
    ~Below() { reader_.path_.pop_back(); }
    Below(const Below&) = delete;
    Below& operator=(const Below&) = delete;

   private:
    Reader& reader_;
  };

  void problem(const model::Position& at, std::string what);
  // What was wrong with this string has been said; its value is unknown.
  bool is_missing(const model::Node& node) const;

  // Each gives nothing where the node is of another type or out of bounds, which is then a problem.
  std::optional<std::string> text(const model::Node& node);
  std::optional<bool> boolean(const model::Node& node);
  std::optional<std::int64_t> integer(const model::Node& node, std::int64_t least, std::int64_t most);
  std::optional<double> number(const model::Node& node, double least, double most);
  std::optional<Millis> duration(const model::Node& node, Millis least, Millis most);
  std::optional<std::int64_t> size(const model::Node& node, std::int64_t least, std::int64_t most);
  std::optional<Instant> time(const model::Node& node);
  // The index of the word among `choices`.
  std::optional<std::size_t> choice(const model::Node& node, const std::vector<std::string>& choices);
  // The path, taken relative to the folder of the configuration file that names it.
  std::optional<std::string> path(const model::Node& node);
  void must_be_there(std::string path, bool secret, const model::Position& at);
  const model::Table* table(const model::Node& node);
  // The items of a list, or the node itself where it is none.
  std::vector<const model::Node*> one_or_many(const model::Node& node) const;

  const std::vector<NamedFile>& named_files() const { return named_files_; }

 private:
  bool is_from_environment(const model::Node& node) const;
  void wrong_type(const model::Node& node, std::string_view expected);

  std::vector<model::Problem>& problems_;
  const Substituted& substituted_;
  std::vector<std::string> path_;
  std::vector<NamedFile> named_files_;
};

// A decimal number and nothing else.
std::optional<double> parse_number(std::string_view text);

// "64MiB", "256KiB", "10MB", "512B", or a number of bytes.
std::optional<std::int64_t> parse_size(std::string_view text);
// The shortest text that parse_size reads back.
std::string format_size(std::int64_t bytes);

// "a string", "a table", …: what a node is, in a problem's words.
std::string_view type_of(const model::Node& node);

}  // namespace sundial::config
