// Which rules a topic concerns, found level by level: the cost does not grow with the number of rules.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "agent/core/rules/topic_filter.hpp"

namespace sundial::rules {

class FilterIndex {
 public:
  struct Entry {
    std::uint32_t rule = 0;
    std::uint32_t filter = 0;  // its place among the rule's filters
  };

  FilterIndex();
  ~FilterIndex();
  FilterIndex(FilterIndex&&) noexcept;
  FilterIndex& operator=(FilterIndex&&) noexcept;

  void add(const TopicFilter& filter, Entry entry);

  // Each rule that one of its filters matches once, ascending, with the first such filter.
  void match(const std::vector<std::string_view>& levels, std::vector<Entry>& found) const;

 private:
  struct Branch;
  static void collect(const Branch& branch, const std::vector<std::string_view>& levels, std::size_t depth,
                      std::vector<Entry>& found);

  std::unique_ptr<Branch> root_;
};

}  // namespace sundial::rules
